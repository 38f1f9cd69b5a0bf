import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { hrefOf, PAGES, type PageName } from '../../observe/page/tabs.ts';

/** Where one is: `#/map/%2Fdb`. A fragment is sent to nobody, and a link to it works. */
export class Place {
  readonly #fragment = signal(location.hash);
  readonly page: ReadonlySignal<PageName>;
  /** What is open on the page: a route, an exchange; `null`: nothing. */
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

  /** On the same page: what is looked at one after the other is no history. */
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
