import { GatewayError } from '../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { Keepable } from '../kept.ts';
import { partyOf } from '../rate-limit/party.ts';
import { newTagKey, PartyTagger } from '../rate-limit/party-tag.ts';
import type { ConcurrentLimit } from './keys.ts';

/** How many exchanges each party has under way: there is nobody in it who has none, so that it is no larger than they are many. */
export class UnderWay implements Keepable {
  readonly #counts = new Map<number, number>();
  readonly #tagger = new PartyTagger(newTagKey());

  /** @throws GatewayError `too_many_at_once` */
  admit(exchange: RoutedExchange, { most, by, text }: ConcurrentLimit): void {
    const { low, high } = partyOf(by, exchange, this.#tagger);
    // As many bits as a number holds.
    const party = (high >>> 11) * 2 ** 32 + (low >>> 0);
    const before = this.#counts.get(party) ?? 0;
    if (before >= most) throw refusal(most, text);
    this.#counts.set(party, before + 1);
    exchange.whenOver(() => this.#ended(party));
  }

  #ended(party: number): void {
    const left = (this.#counts.get(party) ?? 0) - 1;
    if (left > 0) this.#counts.set(party, left);
    else this.#counts.delete(party);
  }

  close(): void {}
}

/** draft-ietf-httpapi-ratelimit-headers-11 §3.1.2: the unit of this quota. */
function refusal(most: number, text: string): GatewayError {
  const policy = `"concurrent";q=${most};qu="concurrent-requests"`;
  const fields = ['RateLimit-Policy', policy, 'RateLimit', '"concurrent";r=0'];
  return new GatewayError('too_many_at_once', `more than ${text}`, { fields });
}
