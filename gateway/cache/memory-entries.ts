import {
  type CacheUrl,
  crowdedOut,
  type Entries,
  type Entry,
  type FieldMap,
  isCoded,
  weightOf,
} from './entry.ts';
import { SlotIndex } from './slot-index.ts';
import { Slot, UseOrder } from './use-order.ts';
import { Selecting } from './vary.ts';

/** Entries in memory. */
export class MemoryEntries implements Entries {
  readonly #maxBytes: number;
  readonly #byUrl = new SlotIndex();
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
    const first = this.#byUrl.first(url);
    if (first === null) return undefined;
    // Most URLs have one answer, for all.
    if (first.next === null && first.entry.vary === undefined) return first;
    const selecting = new Selecting(fields);
    return this.#byUrl.variants(url).find(({ vary }) => selecting.fits(vary));
  }

  variesBy(url: CacheUrl): ReadonlySet<string> | undefined {
    const variants = this.#byUrl.variants(url);
    if (variants.length === 0) return undefined;
    return new Set(variants.flatMap(({ vary }) => Object.keys(vary ?? {})));
  }

  put(entry: Entry, fields: FieldMap): boolean {
    const selecting = new Selecting(fields);
    for (const old of this.#byUrl.variants(entry)) if (selecting.fits(old.vary)) this.#remove(old);
    const weight = weightOf(entry);
    if (weight > this.#maxBytes) return false;
    this.shrinkTo(this.#maxBytes - weight);
    for (const old of crowdedOut(this.#byUrl.variants(entry), entry.vary)) this.#remove(old);
    const slot = new Slot(standingAlone(entry), weight);
    this.#byUrl.add(slot);
    this.#byUse.add(slot);
    for (const group of entry.groups) this.#ofGroup(group).add(slot);
    this.#bytes += weight;
    return true;
  }

  shrinkTo(maxBytes: number): void {
    while (this.#bytes > maxBytes && this.#byUse.oldest !== null) this.#remove(this.#byUse.oldest);
  }

  forget(matches: (url: CacheUrl) => boolean, place?: string): number {
    let count = 0;
    for (const variants of this.#byUrl.each(place)) {
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

  #remove(slot: Slot): void {
    const { entry, weight } = slot;
    this.#bytes -= weight;
    this.#byUse.remove(slot);
    for (const group of entry.groups) {
      const slots = this.#ofGroup(group);
      slots.delete(slot);
      if (slots.size === 0) this.#byGroup.delete(group);
    }
    this.#byUrl.remove(slot);
  }

  close(): void {
    this.#byUrl.clear();
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
