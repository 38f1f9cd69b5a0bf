/**
 * Decides which new requests go to the canary: n × share of every n, spread evenly and never off by more than half a request. Random choice
 * would be off by more for a long time where there are few requests, which is where canaries are tried first.
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
