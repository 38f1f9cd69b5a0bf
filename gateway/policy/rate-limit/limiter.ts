import { GatewayError } from '../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { KeptStates } from '../kept.ts';
import { AgreedArrivals } from './agreed-arrivals.ts';
import { type Admission, Arrivals } from './arrivals.ts';
import type { Counts } from './counts.ts';
import type { RateLimit } from './keys.ts';
import { partyOf } from './party.ts';
import type { LimitTagger } from './party-tag.ts';

/** One limit, and the table that its parties are counted in. */
interface CountedLimit {
  readonly limit: RateLimit;
  /** As answers call it. */
  readonly name: string;
  readonly tagger: LimitTagger;
  readonly arrivals: Admission;
}

/**
 * The limits of one route. Arrivals are counted in one table per kind of party, for all routes: a client can invent any number of header
 * and cookie values, which would evict addresses and users.
 */
export class Limiter {
  readonly #limits: readonly CountedLimit[];
  /** The `RateLimit-Policy` of answers to admitted requests; `null`: none. */
  readonly #policies: string | null;
  readonly #kept: KeptStates;
  readonly #counts: Counts | null;

  constructor(route: string, limits: readonly RateLimit[], kept: KeptStates) {
    this.#kept = kept;
    const { counts } = kept;
    this.#counts = counts;
    this.#limits = namesOf(limits).map(([name, limit]) => {
      const arrivals = kept.acquire(tableOf(limit, counts), () => arrivalsOf(limit, counts));
      return { limit, name, tagger: arrivals.taggerOf(`${route} ${limit.burst} ${limit.text}`), arrivals };
    });
    const shown = this.#limits.filter(isShown).map(({ name, limit }) => policyItem(name, limit));
    this.#policies = shown.length > 0 ? shown.join(', ') : null;
  }

  /** A promise only where the word of other processes has to be waited for. @throws GatewayError */
  admit(exchange: RoutedExchange): Promise<void> | void {
    return this.#admitFrom(0, '', exchange);
  }

  #admitFrom(first: number, earlier: string, exchange: RoutedExchange): Promise<void> | void {
    const now = performance.now();
    let items = earlier;
    for (let at = first; at < this.#limits.length; at++) {
      const one = this.#limits[at]!;
      const waitMs = one.arrivals.take(tagOf(one, exchange), one.limit, now);
      if (typeof waitMs !== 'number')
        return waitMs.then((ms) => this.#admitFrom(at + 1, withItem(items, one, ms), exchange));
      items = withItem(items, one, waitMs);
    }
    if (this.#policies !== null)
      exchange.addToAnswer(['RateLimit-Policy', this.#policies, 'RateLimit', items]);
  }

  close(): void {
    for (const { limit } of this.#limits) this.#kept.release(tableOf(limit, this.#counts));
  }
}

function tagOf({ limit, tagger }: CountedLimit, exchange: RoutedExchange): LimitTagger {
  return tagger.of(partyOf(limit.by, exchange, tagger.parties));
}

function arrivalsOf({ by }: RateLimit, counts: Counts | null): Admission {
  return counts === null ? new Arrivals() : new AgreedArrivals(by.kind, counts);
}

/** @throws GatewayError where it has to wait. */
function withItem(items: string, one: CountedLimit, waitMs: number): string {
  if (waitMs > 0) throw refusal(one, waitMs);
  if (!isShown(one)) return items;
  return `${items && `${items}, `}${limitItem(one.name, one.limit, -waitMs)}`;
}

function tableOf({ by }: RateLimit, counts: Counts | null): string {
  return `rate limits by ${by.kind}${counts === null ? '' : ', of all processes'}`;
}

/** How much of a limit is left that all share is nothing that each of them has to know. */
function isShown({ limit }: CountedLimit): boolean {
  return limit.by.kind !== 'route';
}

function refusal({ name, limit }: CountedLimit, waitMs: number): GatewayError {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  const fields = ['RateLimit-Policy', policyItem(name, limit), 'RateLimit', `"${name}";r=0;t=${retryAfter}`];
  return new GatewayError('rate_limited', `more than ${limit.text}`, { retryAfter, fields });
}

/** The name of each limit in answers (draft-ietf-httpapi-ratelimit-headers-11): its kind, numbered if there are several of one kind. */
function namesOf(limits: readonly RateLimit[]): readonly (readonly [name: string, limit: RateLimit])[] {
  return limits.map((limit, at) => {
    const { kind } = limit.by;
    const before = limits.slice(0, at).filter(({ by }) => by.kind === kind).length;
    return [before === 0 ? kind : `${kind}-${before + 1}`, limit];
  });
}

/** §3.1 there: the quota, and the seconds that it is for. */
function policyItem(name: string, { count, periodMs }: RateLimit): string {
  return `"${name}";q=${count};w=${periodMs / 1000}`;
}

/**
 * §4.1: the remaining quota and the seconds it has to last. Spreading one over the other keeps the rate, as §8.5 wants; a burst above the
 * quota is not announced.
 * @param leftMs of the burst, after this request
 */
function limitItem(name: string, { count, periodMs }: RateLimit, leftMs: number): string {
  const intervalMs = periodMs / count;
  const left = Math.min(count, Math.floor(leftMs / intervalMs + ROUNDING));
  const lastsMs = left > 0 ? left * intervalMs : intervalMs - leftMs;
  return `"${name}";r=${left};t=${Math.max(1, Math.ceil(lastsMs / 1000))}`;
}

/** Sums of fractions are not exact. */
const ROUNDING = 1e-6;
