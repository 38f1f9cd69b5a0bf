import type { PartyTag } from './party-tag.ts';

/**
 * A number of milliseconds for each party, in a bounded table: eight places stand together, and where all are taken, the party whose time
 * comes first gives way. A party of the past is as good as absent.
 */
export class PartyTable {
  readonly places: number;
  /** Of each place two words of tag and, as one number, the time: eight places are two cache lines. */
  #tags = new Int32Array(0);
  #times = new Float64Array(0);
  readonly #groups: number;

  /** @param places a power of two */
  constructor(places: number = PLACES) {
    this.places = places;
    this.#groups = places / TOGETHER;
  }

  /** Its slot, or the one it would get: `has` tells which. */
  placeOf(party: PartyTag): number {
    const first = (party.low & (this.#groups - 1)) * TOGETHER;
    let soonest = first;
    for (let place = first; place < first + TOGETHER; place++) {
      if (this.has(place, party)) return place;
      if (this.#times[place * 2 + 1]! < this.#times[soonest * 2 + 1]!) soonest = place;
    }
    return soonest;
  }

  has(place: number, { low, high }: PartyTag): boolean {
    return this.#tags[place * 4] === low && this.#tags[place * 4 + 1] === high;
  }

  /** 0 where the place is somebody else's. */
  timeOf(place: number, party: PartyTag): number {
    return this.has(place, party) ? this.#times[place * 2 + 1]! : 0;
  }

  put(place: number, { low, high }: PartyTag, time: number): void {
    if (this.#tags.length === 0) this.#allocate();
    this.#tags[place * 4] = low;
    this.#tags[place * 4 + 1] = high;
    this.#times[place * 2 + 1] = time;
  }

  /** With the first party: most gateways keep most of their tables empty, and each takes two megabytes. */
  #allocate(): void {
    const rows = new ArrayBuffer(this.places * BYTES_OF_PLACE);
    this.#tags = new Int32Array(rows);
    this.#times = new Float64Array(rows);
  }
}

const PLACES = 131_072;
const TOGETHER = 8;
const BYTES_OF_PLACE = 16;
