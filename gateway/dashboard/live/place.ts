import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { hrefOf, PAGES, type PageName } from '../../observe/page/tabs.ts';

/** The place in the dashboard: `#/map/%2Fdb`. Fragments are not sent to servers, and links to them work. */
export class Place {
  readonly #fragment = signal(location.hash);
  readonly page: ReadonlySignal<PageName>;
  /** The opened route or exchange; `null`: none. */
  readonly chosen: ReadonlySignal<string | null>;

  constructor() {
    const parts = computed(() => this.#fragment.value.replace(/^#\/?/, '').split('/'));
    this.page = computed(() => PAGES.find(({ name }) => name === parts.value[0])?.name ?? 'map');
    this.chosen = computed(() => decoded(parts.value[1]));
    addEventListener('hashchange', () => {
      this.#fragment.value = location.hash;
    });
  }

  /** To a page, so that Back leads here again. */
  go(page: PageName, chosen: string | null = null): void {
    location.hash = hrefOf(page, chosen);
  }

  /** Within a page the choice does not enter the browser's history. */
  choose(chosen: string | null): void {
    history.replaceState(null, '', hrefOf(this.page.value, chosen));
    this.#fragment.value = location.hash;
  }
}

function decoded(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
