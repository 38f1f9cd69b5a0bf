import { hash } from 'node:crypto';
import type { Fields } from '../../exchange/contract.ts';
import { GatewayError } from '../../exchange/error-catalog.ts';
import { cookieValue } from '../../fields/cookie.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { KeptStates } from '../kept.ts';
import { addressNetwork } from './address-network.ts';
import { Arrivals } from './arrivals.ts';
import type { LimitBy, RateLimit } from './keys.ts';

interface CountedLimit {
  readonly limit: RateLimit;
  readonly arrivals: Arrivals;
}

/**
 * The limits of one route. What has arrived is counted in a table for each kind of party, for all routes: of headers and cookies a client has as many
 * values as it likes, and would push addresses and users out.
 */
export class Limiter {
  readonly #limits: readonly CountedLimit[];
  readonly #kept: KeptStates;

  constructor(limits: readonly RateLimit[], kept: KeptStates) {
    this.#kept = kept;
    this.#limits = limits.map((limit) => ({
      limit,
      arrivals: kept.acquire(tableOf(limit), () => new Arrivals()),
    }));
  }

  /** @throws GatewayError */
  admit(exchange: RoutedExchange): void {
    const now = performance.now();
    for (const { limit, arrivals } of this.#limits) {
      const waitMs = arrivals.take(keyOf(limit, exchange), limit, now);
      if (waitMs > 0) throw refusal(limit, waitMs);
    }
  }

  close(): void {
    for (const { limit } of this.#limits) this.#kept.release(tableOf(limit));
  }
}

function tableOf({ by }: RateLimit): string {
  return `rate limits by ${by.kind}`;
}

/** Joined text is a copy: a piece of a head would keep all of the head in memory. */
function keyOf(limit: RateLimit, exchange: RoutedExchange): string {
  return `${exchange.match.route.id} ${limit.burst} ${limit.text} ${partyOf(limit.by, exchange)}`;
}

/** Who does not say what is asked for is counted by address: saying nothing is no way round. */
function partyOf(by: LimitBy, exchange: RoutedExchange): string {
  if (by.kind === 'route') return '';
  if (by.kind === 'user' && exchange.user !== null) return `u${short(exchange.user)}`;
  if (by.kind === 'header' || by.kind === 'cookie') {
    const said = saidIn(exchange.downstream.fields, by.kind, by.name);
    if (said !== '') return `v${short(said)}`;
  }
  return addressNetwork(exchange.origin.client);
}

function saidIn(fields: Fields, kind: 'header' | 'cookie', name: string): string {
  const field = kind === 'cookie' ? 'cookie' : name;
  let said = '';
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.length !== field.length || fields[i]!.toLowerCase() !== field) continue;
    said += kind === 'cookie' ? (cookieValue(fields[i + 1]!, name) ?? '') : fields[i + 1]!;
  }
  return said;
}

/** A client chooses how long its fields are, and how many of them are remembered. */
function short(value: string): string {
  return value.length <= LONGEST_AS_IT_IS ? value : hash('sha256', value, 'base64url');
}

const LONGEST_AS_IT_IS = 43;

/** draft-ietf-httpapi-ratelimit-headers-10 and later, as structured fields (RFC 9651). */
function refusal({ count, periodMs, by, text }: RateLimit, waitMs: number): GatewayError {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  const fields = [
    ...['RateLimit-Policy', `"${by.kind}";q=${count};w=${periodMs / 1000}`],
    ...['RateLimit', `"${by.kind}";r=0;t=${retryAfter}`],
  ];
  return new GatewayError('rate_limited', `more than ${text}`, { retryAfter, fields });
}
