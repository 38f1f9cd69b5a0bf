import { newTagKey, type PartyTag, PartyTagger } from './party-tag.ts';

/** How many may come in a time, and how many of them at once. */
export interface Spread {
  readonly count: number;
  readonly periodMs: number;
  readonly burst: number;
}

/**
 * When the next request of each party is due, by the generic cell rate algorithm: one number each. The table is bounded: eight places stand
 * together, and where all are taken, the party that would have waited least begins anew. A party of the past is nobody: its place is free.
 */
export class Arrivals {
  /** Of each place two words of tag and, as one number, when the party is due: eight places are two cache lines. */
  readonly #tags: Int32Array;
  readonly #due: Float64Array;
  readonly #groups: number;
  readonly #key = newTagKey();

  /** @param places a power of two */
  constructor(places: number = PLACES) {
    const rows = new ArrayBuffer(places * BYTES_OF_PLACE);
    this.#tags = new Int32Array(rows);
    this.#due = new Float64Array(rows);
    this.#groups = places / TOGETHER;
  }

  /** The parties of one limit are others than those of the next. */
  taggerOf(limit: string): PartyTagger {
    const { low, high } = new PartyTagger(this.#key).tag(limit);
    return new PartyTagger({ low, high });
  }

  /** @returns the milliseconds until it would pass. 0 or less: it passes, and is counted; so much time is left of its burst. */
  take(party: PartyTag, { count, periodMs, burst }: Spread, nowMs: number): number {
    const intervalMs = periodMs / count;
    const place = this.#placeOf(party);
    const due = Math.max(this.#has(place, party) ? this.#due[place * 2 + 1]! : 0, nowMs) + intervalMs;
    const waitMs = due - nowMs - burst * intervalMs;
    // Sums of fractions are not exact.
    if (waitMs > TOLERANCE_MS) return waitMs;
    this.#put(place, party, due);
    return Math.min(waitMs, 0);
  }

  /** Its own, or the one that it takes. */
  #placeOf(party: PartyTag): number {
    const first = (party.low & (this.#groups - 1)) * TOGETHER;
    let soonest = first;
    for (let place = first; place < first + TOGETHER; place++) {
      if (this.#has(place, party)) return place;
      if (this.#due[place * 2 + 1]! < this.#due[soonest * 2 + 1]!) soonest = place;
    }
    return soonest;
  }

  #has(place: number, { low, high }: PartyTag): boolean {
    return this.#tags[place * 4] === low && this.#tags[place * 4 + 1] === high;
  }

  #put(place: number, { low, high }: PartyTag, due: number): void {
    this.#tags[place * 4] = low;
    this.#tags[place * 4 + 1] = high;
    this.#due[place * 2 + 1] = due;
  }

  close(): void {}
}

const PLACES = 131_072;
const TOGETHER = 8;
const BYTES_OF_PLACE = 16;
const TOLERANCE_MS = 1e-3;
