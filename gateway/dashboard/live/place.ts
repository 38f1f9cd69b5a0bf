import { computed, type ReadonlySignal, signal } from '@preact/signals';

/** The pages, in the order of their tabs: `1` is the first. */
export const PAGES = [
  { name: 'map', title: 'Map' },
  { name: 'stream', title: 'Stream' },
  { name: 'heat', title: 'Heat' },
  { name: 'try', title: 'Try it' },
  { name: 'config', title: 'Config' },
] as const;

export type PageName = (typeof PAGES)[number]['name'];

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

export function hrefOf(page: PageName, chosen: string | null = null): string {
  return chosen === null ? `#/${page}` : `#/${page}/${encodeURIComponent(chosen)}`;
}

function decoded(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
