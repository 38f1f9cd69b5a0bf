/** The pages of the dashboard, in the order of their tabs: `1` is the first. */
export const PAGES = [
  { name: 'map', title: 'Map' },
  { name: 'stream', title: 'Stream' },
  { name: 'heat', title: 'Heat' },
  { name: 'try', title: 'Try it' },
  { name: 'config', title: 'Config' },
] as const;

export type PageName = (typeof PAGES)[number]['name'];

/** @param chosen the item opened on the page */
export function hrefOf(page: PageName, chosen: string | null = null): string {
  return chosen === null ? `#/${page}` : `#/${page}/${encodeURIComponent(chosen)}`;
}
