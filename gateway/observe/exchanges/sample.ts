/**
 * Selects which successful exchanges are kept: all of a burst, an even share of a steady load, and some of each route, so that the busiest
 * does not hide the others. Each kept exchange is written, read back and sent, which is the largest cost of an open dashboard.
 */
export class Sample {
  readonly #all = new Allowance(ALL);
  readonly #byRoute = new Map<string | null, Allowance>();

  /** @param now `performance.now()`. */
  takes(route: string | null, now: number): boolean {
    return this.#all.takes(now) || this.#ofRoute(route).takes(now);
  }

  #ofRoute(route: string | null): Allowance {
    const known = this.#byRoute.get(route);
    if (known !== undefined) return known;
    // Routes come and go with reloads.
    if (this.#byRoute.size >= ROUTES_MAX) this.#byRoute.clear();
    const fresh = new Allowance(EACH);
    this.#byRoute.set(route, fresh);
    return fresh;
  }
}

interface Rate {
  readonly perSecond: number;
  /** How many may come at once. */
  readonly burst: number;
}

/** The generic cell rate algorithm: one instant holds the state. */
class Allowance {
  readonly #everyMs: number;
  readonly #aheadMs: number;
  /** When all would be free again. */
  #freeAt = 0;

  constructor({ perSecond, burst }: Rate) {
    this.#everyMs = 1_000 / perSecond;
    // Half of one more: sums of fractions are not exact.
    this.#aheadMs = (burst - 0.5) * this.#everyMs;
  }

  takes(now: number): boolean {
    const from = Math.max(this.#freeAt, now);
    if (from - now > this.#aheadMs) return false;
    this.#freeAt = from + this.#everyMs;
    return true;
  }
}

/** A page with all that it loads is a burst; twenty lines a second are more than anybody reads. */
const ALL: Rate = { perSecond: 20, burst: 250 };
const EACH: Rate = { perSecond: 5, burst: 10 };
const ROUTES_MAX = 1_000;
