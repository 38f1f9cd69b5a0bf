import { setTimeout as wait } from 'node:timers/promises';
import { GatewayError } from '../../exchange/error-catalog.ts';
import type { Pace } from '../../exchange/paced.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { Keepable, KeptStates } from '../kept.ts';
import { partyOf } from '../rate-limit/party.ts';
import { PartyTable } from '../rate-limit/party-table.ts';
import { LimitTagger, newTagKey, type PartyTag, PartyTagger } from '../rate-limit/party-tag.ts';
import type { Bandwidth } from './keys.ts';

/** Until when the bytes of each party that have gone would have taken at their rate, for all routes. */
class Bytes implements Keepable {
  readonly table = new PartyTable();
  readonly parties = new PartyTagger(newTagKey());

  close(): void {}
}

/** One way of one party. */
class Way {
  readonly #table: PartyTable;
  readonly #party: PartyTag;
  readonly #bytesPerMs: number;
  readonly #burstMs: number;

  constructor(table: PartyTable, { low, high }: PartyTag, bytesPerSecond: number, burst: number | null) {
    this.#table = table;
    this.#party = { low, high };
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.#burstMs = burst === null ? 1_000 : burst / this.#bytesPerMs;
  }

  /** @returns for how many milliseconds the party is ahead of what it may. */
  took(bytes: number): number {
    const now = performance.now();
    const place = this.#table.placeOf(this.#party);
    const due = Math.max(this.#table.timeOf(place, this.#party), now) + bytes / this.#bytesPerMs;
    if (bytes > 0) this.#table.put(place, this.#party, due);
    return due - now - this.#burstMs;
  }
}

/** The bandwidth of one route. */
export class Paces {
  readonly #settings: Bandwidth;
  readonly #kept: KeptStates;
  readonly #key: string;
  readonly #bytes: Bytes;
  readonly #answers: LimitTagger;
  readonly #requests: LimitTagger;

  constructor(route: string, settings: Bandwidth, kept: KeptStates) {
    this.#settings = settings;
    this.#kept = kept;
    this.#key = `bytes by ${settings.by.kind}`;
    this.#bytes = kept.acquire(this.#key, () => new Bytes());
    const { parties } = this.#bytes;
    this.#answers = new LimitTagger(parties, `answers ${route} ${settings.answers}`);
    this.#requests = new LimitTagger(parties, `requests ${route} ${settings.requests}`);
  }

  /** One that is ahead waits before anything is sent to a service. @throws GatewayError `rate_limited` */
  admit(exchange: RoutedExchange): Promise<null> | null {
    const { by, answers, requests, burst } = this.#settings;
    const party = partyOf(by, exchange, this.#bytes.parties);
    const { table } = this.#bytes;
    const down = answers === null ? null : new Way(table, this.#answers.of(party), answers, burst);
    const up = requests === null ? null : new Way(table, this.#requests.of(party), requests, burst);
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

/** A request that would wait for longer is refused: clients know better what to do with the time. */
const WAIT_MAX_MS = 10_000;

function refusal({ text }: Bandwidth, aheadMs: number): GatewayError {
  return new GatewayError('rate_limited', `more than ${text}`, { retryAfter: Math.ceil(aheadMs / 1_000) });
}
