import type { Entry } from './entry.ts';

/** Where an entry is kept: its place in the order of use, and among the variants of its URL. */
export class Slot {
  readonly entry: Entry;
  readonly weight: number;
  older: Slot | null = null;
  newer: Slot | null = null;
  /** The next variant of the same URL. */
  next: Slot | null = null;

  constructor(entry: Entry, weight: number) {
    this.entry = entry;
    this.weight = weight;
  }

  get vary(): Entry['vary'] {
    return this.entry.vary;
  }
}

/** Entries in the order of their last use, as a doubly linked list: a use moves one of them. */
export class UseOrder {
  #oldest: Slot | null = null;
  #newest: Slot | null = null;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get oldest(): Slot | null {
    return this.#oldest;
  }

  add(slot: Slot): void {
    this.#append(slot);
    this.#count++;
  }

  used(slot: Slot): void {
    if (slot === this.#newest) return;
    this.#unlink(slot);
    this.#append(slot);
  }

  remove(slot: Slot): void {
    this.#unlink(slot);
    this.#count--;
  }

  #append(slot: Slot): void {
    slot.older = this.#newest;
    if (this.#newest === null) this.#oldest = slot;
    else this.#newest.newer = slot;
    this.#newest = slot;
  }

  #unlink(slot: Slot): void {
    const { older, newer } = slot;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    slot.older = slot.newer = null;
  }

  clear(): void {
    this.#oldest = this.#newest = null;
    this.#count = 0;
  }
}
