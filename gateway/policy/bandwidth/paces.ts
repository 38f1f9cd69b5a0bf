import { setTimeout as wait } from 'node:timers/promises';
import { GatewayError } from '../../exchange/error-catalog.ts';
import type { Pace } from '../../exchange/paced.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { KeptStates } from '../kept.ts';
import type { Spread } from '../rate-limit/arrivals.ts';
import { partyOf } from '../rate-limit/party.ts';
import { LimitTagger, type PartyTag } from '../rate-limit/party-tag.ts';
import { AgreedBytes, type ByteCounts, OwnBytes } from './byte-counts.ts';
import type { Bandwidth } from './keys.ts';

/** One way of one party. */
class Way {
  readonly #bytes: ByteCounts;
  readonly #party: PartyTag;
  readonly #spread: Spread;

  constructor(bytes: ByteCounts, { low, high }: PartyTag, spread: Spread) {
    this.#bytes = bytes;
    this.#party = { low, high };
    this.#spread = spread;
  }

  /** @returns the milliseconds until the party may send more */
  took(bytes: number): number {
    return this.#bytes.took(this.#party, this.#spread, bytes);
  }
}

/** The bandwidth of one route. */
export class Paces {
  readonly #settings: Bandwidth;
  readonly #kept: KeptStates;
  readonly #key: string;
  readonly #bytes: ByteCounts;
  readonly #answers: LimitTagger;
  readonly #requests: LimitTagger;

  constructor(route: string, settings: Bandwidth, kept: KeptStates) {
    this.#settings = settings;
    this.#kept = kept;
    const { counts } = kept;
    const { kind } = settings.by;
    this.#key = `bytes by ${kind}${counts === null ? '' : ', of all processes'}`;
    this.#bytes = kept.acquire<ByteCounts>(this.#key, () =>
      counts === null ? new OwnBytes() : new AgreedBytes(kind, counts),
    );
    const { parties } = this.#bytes;
    this.#answers = new LimitTagger(parties, `answers ${route} ${settings.answers}`);
    this.#requests = new LimitTagger(parties, `requests ${route} ${settings.requests}`);
  }

  /** One that is ahead waits before anything is sent to a service. @throws GatewayError `rate_limited` */
  admit(exchange: RoutedExchange): Promise<null> | null {
    const { by, answers, requests, burst } = this.#settings;
    const party = partyOf(by, exchange, this.#bytes.parties);
    const wayOf = (tagger: LimitTagger, rate: number | null) =>
      rate === null ? null : new Way(this.#bytes, tagger.of(party), spreadOf(rate, burst));
    const down = wayOf(this.#answers, answers);
    const up = wayOf(this.#requests, requests);
    const pace: Pace = {
      took: (bytes, towards) => (towards === 'client' ? down : up)?.took(bytes) ?? 0,
    };
    exchange.keepPace(pace);
    const aheadMs = () => Math.max(pace.took(0, 'client'), pace.took(0, 'service'));
    const aheadNow = aheadMs();
    if (aheadNow <= 0) return null;
    if (aheadNow > WAIT_MAX_MS) throw refusal(this.#settings, aheadNow);
    return this.#whenDue(exchange, aheadMs, aheadNow);
  }

  async #whenDue({ signal }: RoutedExchange, aheadMs: () => number, first: number): Promise<null> {
    const until = performance.now() + WAIT_MAX_MS;
    for (let ms = first; ms > 0; ms = aheadMs()) {
      // Others of the party went on meanwhile.
      if (performance.now() + ms > until) throw refusal(this.#settings, ms);
      await wait(ms, undefined, { signal });
    }
    return null;
  }

  close(): void {
    this.#kept.release(this.#key);
  }
}

function spreadOf(bytesPerSecond: number, burst: number | null): Spread {
  return { count: bytesPerSecond, periodMs: 1_000, burst: burst ?? bytesPerSecond };
}

/** A request that would wait longer is refused, so that the client can decide. */
const WAIT_MAX_MS = 10_000;

function refusal({ text }: Bandwidth, aheadMs: number): GatewayError {
  return new GatewayError('rate_limited', `more than ${text}`, { retryAfter: Math.ceil(aheadMs / 1_000) });
}
