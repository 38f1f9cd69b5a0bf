import { type CacheUrl, placeOf } from './entry.ts';
import type { Slot } from './use-order.ts';

/** Slots by URL. The variants of one are a chain, the oldest first. */
export class SlotIndex {
  /** By path; where a path is asked for under several origins, there by origin. Most have one, and each map more is more for V8 to collect. */
  readonly #paths = new Map<string, Slot | Map<string, Slot>>();
  /** The paths of a place that are not the place itself: with a query, or in another spelling. */
  readonly #places = new Map<string, Set<string>>();

  first({ origin, path }: CacheUrl): Slot | null {
    const at = this.#paths.get(path);
    if (at === undefined) return null;
    if (at instanceof Map) return at.get(origin) ?? null;
    return at.entry.origin === origin ? at : null;
  }

  /** Of one URL. */
  variants(url: CacheUrl): Slot[] {
    return chainFrom(this.first(url));
  }

  /** Of each URL. @param place only of those that have this place */
  *each(place?: string): Iterable<readonly Slot[]> {
    const paths = place === undefined ? [...this.#paths.keys()] : [place, ...(this.#places.get(place) ?? [])];
    for (const path of paths) {
      const at = this.#paths.get(path);
      if (at instanceof Map) for (const first of [...at.values()]) yield chainFrom(first);
      else if (at !== undefined) yield chainFrom(at);
    }
  }

  add(slot: Slot): void {
    const last = this.variants(slot.entry).at(-1);
    if (last === undefined) this.#begin(slot.entry, slot);
    else last.next = slot;
  }

  remove(slot: Slot): void {
    const before = this.variants(slot.entry).find(({ next }) => next === slot);
    if (before !== undefined) before.next = slot.next;
    else if (slot.next !== null) this.#begin(slot.entry, slot.next);
    else this.#end(slot.entry);
    slot.next = null;
  }

  #begin({ origin, path }: CacheUrl, first: Slot): void {
    const at = this.#paths.get(path);
    if (at === undefined) this.#place(path);
    if (at instanceof Map) at.set(origin, first);
    else if (at === undefined || at.entry.origin === origin) this.#paths.set(path, first);
    else {
      this.#paths.set(
        path,
        new Map([
          [at.entry.origin, at],
          [origin, first],
        ]),
      );
    }
  }

  #end({ origin, path }: CacheUrl): void {
    const at = this.#paths.get(path);
    if (at instanceof Map && at.delete(origin) && at.size > 0) return;
    this.#paths.delete(path);
    this.#displace(path);
  }

  #place(path: string): void {
    const place = placeOf(path);
    if (place === path) return;
    const paths = this.#places.get(place);
    if (paths === undefined) this.#places.set(place, new Set([path]));
    else paths.add(path);
  }

  #displace(path: string): void {
    const place = placeOf(path);
    const paths = this.#places.get(place);
    if (paths?.delete(path) && paths.size === 0) this.#places.delete(place);
  }

  clear(): void {
    this.#paths.clear();
    this.#places.clear();
  }
}

function chainFrom(first: Slot | null): Slot[] {
  const chain: Slot[] = [];
  for (let slot = first; slot !== null; slot = slot.next) chain.push(slot);
  return chain;
}
