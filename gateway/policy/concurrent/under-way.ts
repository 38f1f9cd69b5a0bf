import { GatewayError } from '../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import { EarliestTimer } from '../earliest-timer.ts';
import type { Keepable } from '../kept.ts';
import { creditOf } from '../rate-limit/agreed-arrivals.ts';
import { partyOf } from '../rate-limit/party.ts';
import { LimitTagger, newTagKey, PartyTagger } from '../rate-limit/party-tag.ts';
import type { ConcurrentLimit } from './keys.ts';
import type { OthersUnderWay, UnderWayReport, UnderWayState } from './under-way-keeper.ts';

/** A party that has something under way. */
interface Party {
  readonly tag: number;
  most: number;
  own: number;
  /** As many of its own as the others count. */
  settled: number;
  /** The others' exchanges, by their last report. */
  elsewhere: number;
  heardAt: number;
  /** Whether a question about it is on its way. */
  asked: boolean;
  readonly waiting: ((passes: boolean) => void)[];
}

/**
 * Counts exchanges under way on one route by party; only parties that have some take memory. With other workers, a request is decided at
 * once, by the last report; at most a credit of a party may be under way that the others do not know of yet. A request beyond that, or one
 * that an old report would refuse, waits for a new one.
 */
export class UnderWay implements Keepable {
  readonly #parties = new Map<number, Party>();
  readonly #tagger: LimitTagger;
  readonly #others: OthersUnderWay | null;
  /** Those of which the others are to hear. */
  #unreported = new Set<Party>();
  #asking = false;
  readonly #due = new EarliestTimer(() => void this.#tell());
  /** No word came in time, and none has come since. */
  #alone = false;

  /** @param name of the limit, in all processes */
  constructor(name: string, others: OthersUnderWay | null) {
    this.#tagger = new LimitTagger(new PartyTagger(others?.key ?? newTagKey()), name);
    this.#others = others;
  }

  /** A promise only where the word of other processes has to be waited for. @throws GatewayError `too_many_at_once` */
  admit(exchange: RoutedExchange, limit: ConcurrentLimit): Promise<null> | null {
    const party = this.#partyOf(exchange, limit);
    const passes = this.#decide(party);
    if (passes === null)
      return this.#ask(party).then((granted) => this.#enter(party, exchange, limit, granted));
    if (passes) party.own++;
    return this.#enter(party, exchange, limit, passes);
  }

  /** @returns `null`: others have to be asked. */
  #decide(party: Party): boolean | null {
    const { own, most, elsewhere, settled } = party;
    if (own >= most) return false;
    if (this.#others === null) return true;
    if (this.#alone) return this.#hasPart(party);
    if (own + elsewhere < most) return own - settled < creditOf(most, this.#others.processes) ? true : null;
    return performance.now() - party.heardAt < TELL_WITHIN_MS ? false : null;
  }

  /** @param passes it has been counted then */
  #enter(party: Party, exchange: RoutedExchange, limit: ConcurrentLimit, passes: boolean): null {
    this.#changed(party);
    if (!passes) throw refusal(limit);
    exchange.whenOver(() => {
      party.own--;
      this.#changed(party);
    });
    return null;
  }

  #partyOf(exchange: RoutedExchange, { by, most }: ConcurrentLimit): Party {
    const { low, high } = this.#tagger.of(partyOf(by, exchange, this.#tagger.parties));
    // As many bits as a number holds.
    const tag = (high >>> 11) * 2 ** 32 + (low >>> 0);
    let party = this.#parties.get(tag);
    if (party === undefined) {
      party = { tag, most, own: 0, settled: 0, elsewhere: 0, heardAt: 0, asked: false, waiting: [] };
      this.#parties.set(tag, party);
    }
    party.most = most;
    return party;
  }

  #changed(party: Party): void {
    const { own, settled, asked, waiting } = party;
    if (own === 0 && settled === 0 && !asked && waiting.length === 0) {
      // The others do not know of it.
      this.#unreported.delete(party);
      this.#parties.delete(party.tag);
    } else if (own !== settled && this.#others !== null) {
      this.#unreported.add(party);
      this.#tellSoon();
    }
  }

  #ask(party: Party): Promise<boolean> {
    return new Promise((resolve) => {
      party.waiting.push(resolve);
      this.#unreported.add(party);
      if (!this.#asking) this.#tellNow();
    });
  }

  #tellSoon(): void {
    if (!this.#asking) this.#due.within(TELL_WITHIN_MS);
  }

  /** With all that comes in this turn. */
  #tellNow(): void {
    this.#due.within(0);
  }

  /** One question is under way at a time; later changes go out with the next. */
  async #tell(): Promise<void> {
    const others = this.#others!;
    this.#tagger.parties.rekey(others.key);
    const reported = [...this.#unreported];
    if (reported.length === 0) return;
    this.#unreported = new Set();
    this.#asking = true;
    for (const party of reported) {
      party.asked = true;
      // From now on the others may use slots that ended here.
      party.settled = Math.min(party.settled, party.own);
    }
    const reports = reported.map(({ tag, own, waiting, most }) => [tag, own, waiting.length, most] as const);
    const patience = setTimeout(() => this.#goOnAlone(), PATIENCE_MS).unref();
    const states = await others.settle(reports);
    clearTimeout(patience);
    this.#asking = false;
    this.#alone = false;
    for (const [at, party] of reported.entries()) this.#heard(party, reports[at]!, states[at] ?? [0, 0]);
    for (const { waiting } of this.#unreported) if (waiting.length > 0) return this.#tellNow();
    if (this.#unreported.size > 0) this.#tellSoon();
  }

  #heard(party: Party, [, reported, asked]: UnderWayReport, [elsewhere, granted]: UnderWayState): void {
    party.asked = false;
    party.elsewhere = elsewhere;
    party.heardAt = performance.now();
    party.settled = reported + granted;
    // Some may have proceeded alone meanwhile; their grants are returned by the next report, which has totals.
    const passing = party.waiting.splice(0, granted);
    party.own += passing.length;
    for (const resolve of passing) resolve(true);
    if (granted < asked) for (const resolve of party.waiting.splice(0)) resolve(false);
    this.#changed(party);
  }

  /** Releases all that wait. */
  #goOnAlone(): void {
    this.#alone = true;
    for (const party of this.#parties.values())
      for (const resolve of party.waiting.splice(0)) {
        const passes = this.#hasPart(party);
        if (passes) party.own++;
        resolve(passes);
      }
  }

  /** Alone, each process keeps to its part. */
  #hasPart({ own, most }: Party): boolean {
    return own < Math.max(1, Math.floor(most / this.#others!.processes));
  }

  close(): void {
    if (this.#others !== null) this.#goOnAlone();
  }
}

const TELL_WITHIN_MS = 5;
/** A request that may have to be refused waits so long for the others' word. */
const PATIENCE_MS = 25;

/** draft-ietf-httpapi-ratelimit-headers-11 §3.1.2: the unit of this quota. */
function refusal({ most, text }: ConcurrentLimit): GatewayError {
  const policy = `"concurrent";q=${most};qu="concurrent-requests"`;
  const fields = ['RateLimit-Policy', policy, 'RateLimit', '"concurrent";r=0'];
  return new GatewayError('too_many_at_once', `more than ${text}`, { fields });
}
