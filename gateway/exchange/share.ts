/**
 * Which of the new requests are the canary's: of every n, n × share, spread evenly and never more than half a request off. Chance would be off
 * by more for a long time where there are few requests, and those are what a canary is tried on first.
 */
export class CountedShare {
  readonly #share: number;
  #owed = WHOLE / 2;

  /** @param share from 0 to 1, counted in millionths. */
  constructor(share: number) {
    this.#share = Math.round(share * WHOLE);
  }

  /** Asked once for each new request. */
  takes(): boolean {
    this.#owed += this.#share;
    if (this.#owed < WHOLE) return false;
    this.#owed -= WHOLE;
    return true;
  }
}

const WHOLE = 1_000_000;
