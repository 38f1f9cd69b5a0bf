import { PAGES } from '../../observe/page/tabs.ts';
import type { Place } from '../live/place.ts';

/** The keys, as the dialog of `?` lists them. */
export const KEYS = [
  [`1 … ${PAGES.length}`, PAGES.map(({ title }) => title).join(', ')],
  ['/', 'to the filter of the page'],
  ['p', 'holds the stream, and lets it go on'],
  ['j, k', 'to the next row, to the one before'],
  ['Enter', 'opens the row'],
  ['x', 'chooses the row of the stream; Shift and j, k: more of them'],
  ['Esc', 'closes what is open'],
  ['?', 'shows these keys'],
] as const;

/** Listens to keys as long as the page is there. They mean nothing while somebody writes. @param help opens the dialog */
export function listenToKeys(place: Place, help: () => void): () => void {
  const heard = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape') return leave(place);
    if (isWriting(event.target)) return;
    const page = PAGES[Number(event.key) - 1];
    if (page !== undefined) place.go(page.name);
    else if (event.key === '?') help();
    else if (event.key === 'j' || event.key === 'k') toRow(event.key === 'j' ? 1 : -1);
    else if (event.key === 'x') boxOf(rowOf(document.activeElement))?.click();
    else if (event.key === 'J' || event.key === 'K') chooseTo(event.key === 'J' ? 1 : -1);
    else if (event.key === 'p') document.querySelector<HTMLElement>('[data-hold]')?.click();
    else if (event.key === '/') document.querySelector<HTMLElement>('[data-filter]')?.focus();
    else return;
    event.preventDefault();
  };
  addEventListener('keydown', heard);
  return () => removeEventListener('keydown', heard);
}

function isWriting(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  return (
    target instanceof HTMLElement &&
    target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]') !== null
  );
}

/** Leaves a field first, then the opened item. */
function leave(place: Place): void {
  const { activeElement } = document;
  if (activeElement instanceof HTMLElement && isWriting(activeElement)) return activeElement.blur();
  const chosen = place.chosen.peek();
  if (chosen === null) return document.querySelector<HTMLElement>('[data-let-go]')?.click();
  place.choose(null);
  rows()
    .find(({ dataset }) => dataset.row === chosen)
    ?.focus();
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('[data-row]')];
}

function toRow(step: 1 | -1): void {
  const all = rows();
  const now = all.findIndex(
    (row) => rowOf(row) === rowOf(document.activeElement) || row.getAttribute('aria-expanded') === 'true',
  );
  const next = all[now === -1 ? 0 : Math.min(all.length - 1, Math.max(0, now + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** To the next row, and chooses all from the one where choosing began to it. */
function chooseTo(step: 1 | -1): void {
  if (document.querySelector('[data-choose]:checked') === null) boxOf(rowOf(document.activeElement))?.click();
  toRow(step);
  const range = new MouseEvent('click', { shiftKey: true, bubbles: true });
  boxOf(rowOf(document.activeElement))?.dispatchEvent(range);
}

/** Where rows can be chosen. */
function boxOf(row: Element | null): HTMLElement | null {
  return row?.querySelector<HTMLElement>('[data-choose]') ?? null;
}

function rowOf(within: Element | null): Element | null {
  return within?.closest('tr, li') ?? null;
}
