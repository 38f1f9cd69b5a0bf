import {
  type CacheUrl,
  crowdedOut,
  type Entries,
  type Entry,
  type FieldMap,
  isCoded,
  placeOf,
  weightOf,
} from './entry.ts';
import { Slot, UseOrder } from './use-order.ts';
import { Selecting } from './vary.ts';

/** Entries in memory. */
export class MemoryEntries implements Entries {
  readonly #maxBytes: number;
  /** By path, and there by origin: the hash of an origin is known, since many URLs share one. */
  readonly #paths = new Map<string, Map<string, readonly Slot[]>>();
  /** The paths of a place that are not the place itself: with a query, or in another spelling. */
  readonly #places = new Map<string, Set<string>>();
  readonly #byGroup = new Map<string, Set<Slot>>();
  readonly #byUse = new UseOrder();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#byUse.count;
  }

  find(url: CacheUrl, fields: FieldMap): Entry | undefined {
    const slot = this.#fitting(url, fields);
    if (slot === undefined) return undefined;
    if (slot.entry.deleteAt <= Date.now()) return void this.#remove(slot);
    this.#byUse.used(slot);
    return slot.entry;
  }

  #fitting(url: CacheUrl, fields: FieldMap): Slot | undefined {
    const variants = this.#variants(url);
    // Most URLs have one answer, for all.
    if (variants.length === 1 && variants[0]!.entry.vary === undefined) return variants[0];
    if (variants.length === 0) return undefined;
    const selecting = new Selecting(fields);
    return variants.find(({ entry }) => selecting.fits(entry.vary));
  }

  variesBy(url: CacheUrl): ReadonlySet<string> | undefined {
    const variants = this.#variants(url);
    if (variants.length === 0) return undefined;
    return new Set(variants.flatMap(({ entry }) => Object.keys(entry.vary ?? {})));
  }

  put(entry: Entry, fields: FieldMap): boolean {
    const selecting = new Selecting(fields);
    for (const old of this.#variants(entry)) if (selecting.fits(old.entry.vary)) this.#remove(old);
    const weight = weightOf(entry);
    if (weight > this.#maxBytes) return false;
    this.shrinkTo(this.#maxBytes - weight);
    for (const old of crowdedOut(this.#variants(entry), entry.vary)) this.#remove(old);
    const kept = standingAlone(entry);
    const slot = new Slot(kept, weight);
    this.#keep(kept, [...this.#variants(kept), slot]);
    this.#byUse.add(slot);
    for (const group of entry.groups) this.#ofGroup(group).add(slot);
    this.#bytes += weight;
    return true;
  }

  shrinkTo(maxBytes: number): void {
    while (this.#bytes > maxBytes && this.#byUse.oldest !== null) this.#remove(this.#byUse.oldest);
  }

  forget(matches: (url: CacheUrl) => boolean, place?: string): number {
    const paths = place === undefined ? [...this.#paths.keys()] : [place, ...(this.#places.get(place) ?? [])];
    let count = 0;
    for (const variants of paths.flatMap((path) => [...(this.#paths.get(path)?.values() ?? [])])) {
      const url = variants[0]!.entry;
      if (!matches(url)) continue;
      for (const slot of variants) this.#remove(slot);
      if (!isCoded(url)) count++;
    }
    return count;
  }

  forgetGroup(group: string, matches: (url: CacheUrl) => boolean): number {
    const urls = new Set<string>();
    for (const slot of [...(this.#byGroup.get(group) ?? [])]) {
      if (!matches(slot.entry)) continue;
      if (!isCoded(slot.entry)) urls.add(slot.entry.origin + slot.entry.path);
      this.#remove(slot);
    }
    return urls.size;
  }

  #ofGroup(group: string): Set<Slot> {
    const slots = this.#byGroup.get(group) ?? new Set();
    this.#byGroup.set(group, slots);
    return slots;
  }

  #variants({ origin, path }: CacheUrl): readonly Slot[] {
    return this.#paths.get(path)?.get(origin) ?? NONE;
  }

  #keep({ origin, path }: CacheUrl, variants: readonly Slot[]): void {
    const origins = this.#paths.get(path) ?? new Map<string, readonly Slot[]>();
    if (variants.length === 0) origins.delete(origin);
    else origins.set(origin, variants);
    if (origins.size > 0) this.#paths.set(path, origins);
    else this.#paths.delete(path);
    this.#placed(path, origins.size > 0);
  }

  #placed(path: string, isThere: boolean): void {
    const place = placeOf(path);
    if (place === path) return;
    const paths = this.#places.get(place) ?? new Set();
    if (isThere) paths.add(path);
    else paths.delete(path);
    if (paths.size > 0) this.#places.set(place, paths);
    else this.#places.delete(place);
  }

  #remove(slot: Slot): void {
    const { entry, weight } = slot;
    this.#bytes -= weight;
    this.#byUse.remove(slot);
    for (const group of entry.groups) {
      const slots = this.#ofGroup(group);
      slots.delete(slot);
      if (slots.size === 0) this.#byGroup.delete(group);
    }
    this.#keep(
      entry,
      this.#variants(entry).filter((other) => other !== slot),
    );
  }

  close(): void {
    this.#paths.clear();
    this.#places.clear();
    this.#byGroup.clear();
    this.#byUse.clear();
    this.#bytes = 0;
  }
}

/** Copies strings that are slices of a client's head and would keep all of it in memory. */
function standingAlone(entry: Entry): Entry {
  const { origin, path, vary } = entry;
  const cutOut: Pick<Entry, 'origin' | 'path' | 'vary'> = { origin, path, vary };
  return { ...entry, ...(JSON.parse(JSON.stringify(cutOut)) as typeof cutOut) };
}

const NONE: readonly Slot[] = [];
