import {
  type CacheUrl,
  type Entries,
  type Entry,
  type FieldMap,
  isCoded,
  placeOf,
  VARIANTS_MAX,
  weightOf,
} from './entry.ts';
import { Selecting } from './vary.ts';

/** Entries in memory. */
export class MemoryEntries implements Entries {
  readonly #maxBytes: number;
  /** By place, and there by URL. */
  readonly #places = new Map<string, Map<string, readonly Entry[]>>();
  readonly #byGroup = new Map<string, Set<Entry>>();
  /** With their weights, least recently used first. */
  readonly #byUse = new Map<Entry, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#byUse.size;
  }

  find(url: CacheUrl, fields: FieldMap): Entry | undefined {
    const selecting = new Selecting(fields);
    const entry = this.#variants(url).find(({ vary }) => selecting.fits(vary));
    if (entry === undefined) return undefined;
    if (entry.deleteAt <= Date.now()) return void this.#remove(entry);
    const weight = this.#byUse.get(entry)!;
    this.#byUse.delete(entry);
    this.#byUse.set(entry, weight);
    return entry;
  }

  variesBy(url: CacheUrl): ReadonlySet<string> | undefined {
    const variants = this.#variants(url);
    if (variants.length === 0) return undefined;
    return new Set(variants.flatMap(({ vary }) => Object.keys(vary ?? {})));
  }

  put(entry: Entry, fields: FieldMap): boolean {
    const selecting = new Selecting(fields);
    for (const old of this.#variants(entry)) if (selecting.fits(old.vary)) this.#remove(old);
    const weight = weightOf(entry);
    if (weight > this.#maxBytes) return false;
    this.shrinkTo(this.#maxBytes - weight);
    const variants = this.#variants(entry);
    if (variants.length >= VARIANTS_MAX) this.#remove(variants[0]!);
    this.#keep(entry, [...this.#variants(entry), entry]);
    this.#byUse.set(entry, weight);
    for (const group of entry.groups) this.#ofGroup(group).add(entry);
    this.#bytes += weight;
    return true;
  }

  shrinkTo(maxBytes: number): void {
    for (const entry of this.#byUse.keys()) {
      if (this.#bytes <= maxBytes) return;
      this.#remove(entry);
    }
  }

  forget(matches: (url: CacheUrl) => boolean, place?: string): number {
    const places = place === undefined ? [...this.#places.values()] : [this.#places.get(place)];
    let count = 0;
    for (const variants of places.flatMap((urls) => [...(urls?.values() ?? [])])) {
      if (!matches(variants[0]!)) continue;
      for (const entry of variants) this.#remove(entry);
      if (!isCoded(variants[0]!)) count++;
    }
    return count;
  }

  forgetGroup(group: string, matches: (url: CacheUrl) => boolean): number {
    const urls = new Set<string>();
    for (const entry of [...(this.#byGroup.get(group) ?? [])]) {
      if (!matches(entry)) continue;
      if (!isCoded(entry)) urls.add(keyOf(entry));
      this.#remove(entry);
    }
    return urls.size;
  }

  #ofGroup(group: string): Set<Entry> {
    const entries = this.#byGroup.get(group) ?? new Set();
    this.#byGroup.set(group, entries);
    return entries;
  }

  #variants(url: CacheUrl): readonly Entry[] {
    return this.#places.get(placeOf(url.path))?.get(keyOf(url)) ?? [];
  }

  #keep(url: CacheUrl, variants: readonly Entry[]): void {
    const place = placeOf(url.path);
    const urls = this.#places.get(place) ?? new Map<string, readonly Entry[]>();
    if (variants.length === 0) urls.delete(keyOf(url));
    else urls.set(keyOf(url), variants);
    if (urls.size === 0) this.#places.delete(place);
    else this.#places.set(place, urls);
  }

  #remove(entry: Entry): void {
    this.#bytes -= this.#byUse.get(entry)!;
    this.#byUse.delete(entry);
    for (const group of entry.groups) {
      const entries = this.#ofGroup(group);
      entries.delete(entry);
      if (entries.size === 0) this.#byGroup.delete(group);
    }
    this.#keep(
      entry,
      this.#variants(entry).filter((other) => other !== entry),
    );
  }

  close(): void {
    this.#places.clear();
    this.#byGroup.clear();
    this.#byUse.clear();
    this.#bytes = 0;
  }
}

/** An authority has no slash in it, and a path begins with one. */
function keyOf({ origin, path }: CacheUrl): string {
  return origin + path;
}
