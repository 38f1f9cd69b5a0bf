/**
 * Computes the share of new requests to refuse from the delay of the event loop: a proportional-integral controller like PIE (RFC 8033
 * §4.2). The share moves until the delay rests at half of the bound, so it is neither all nor nothing, and it returns to zero when the load
 * ends, with or without requests.
 */
export class Shedding {
  boundMs: number;
  /** 0..1 */
  share = 0;
  /** Since when the loop has been later than the bound at every look; `null`: it has not. */
  #lateSince: number | null = null;
  /** Since when nothing has been refused, nor the loop been late; `null`: never so far, or not now. */
  #calmSince: number | null = null;
  #lastDelayMs = 0;
  #lastAt = 0;
  /** From the first refusal to a calm second: a load in waves is one overload, not many. */
  active = false;

  constructor(boundMs: number) {
    this.boundMs = boundMs;
  }

  /** One look at the loop: how late it was, and when that was. */
  observe(delayMs: number, nowMs: number): void {
    const elapsedMs = Math.min(nowMs - this.#lastAt, STEP_MAX_MS);
    this.#lastAt = nowMs;
    if (this.active) this.#steer(delayMs, elapsedMs, nowMs);
    else this.#guard(delayMs, nowMs);
    this.#lastDelayMs = delayMs;
  }

  /** One long turn is a pause (a collection, a reload, a suspended laptop); a queue makes every turn long. */
  #guard(delayMs: number, nowMs: number): void {
    if (delayMs <= this.boundMs) this.#lateSince = null;
    else if (this.#lateSince === null) this.#lateSince = nowMs;
    else if (nowMs - this.#lateSince >= LATE_FOR_MS) {
      this.active = true;
      this.#calmSince = null;
      this.share = FIRST_SHARE;
    }
  }

  #steer(delayMs: number, elapsedMs: number, nowMs: number): void {
    const error = clamp((delayMs - this.boundMs / 2) / this.boundMs, -0.5, ERROR_MAX);
    const growth = clamp((delayMs - this.#lastDelayMs) / this.boundMs, -ERROR_MAX, ERROR_MAX);
    const step = (INTEGRAL_PER_SECOND * error * elapsedMs) / 1000 + PROPORTIONAL * growth;
    this.share = clamp(this.share + step, 0, SHARE_MAX);
    if (this.share > 0) this.#calmSince = null;
    else if (this.#calmSince === null) this.#calmSince = nowMs;
    else if (nowMs - this.#calmSince >= CALM_FOR_MS) this.#leave();
  }

  #leave(): void {
    this.active = false;
    this.#lateSince = null;
  }

  /** As at the start. */
  reset(): void {
    this.share = 0;
    this.#leave();
  }
}

const LATE_FOR_MS = 500;
const CALM_FOR_MS = 1_000;
/** After half a second of being late it is no time to begin with nothing. */
const FIRST_SHARE = 0.2;
/** Some are always let in: it is by them that we learn that the load has gone. */
const SHARE_MAX = 0.95;
const INTEGRAL_PER_SECOND = 1;
const PROPORTIONAL = 0.2;
const ERROR_MAX = 2;
/** After a long turn a look counts for no more time than this. */
const STEP_MAX_MS = 500;

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
