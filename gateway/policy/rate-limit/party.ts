import type { Fields } from '../../exchange/contract.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import { cookieValue } from '../../route/cookie.ts';
import type { LimitBy } from './keys.ts';
import type { PartyTag, PartyTagger } from './party-tag.ts';

/** The party of a request; without the header, cookie or user it is the address, so that omitting it is no way round. */
export function partyOf(by: LimitBy, exchange: RoutedExchange, tagger: PartyTagger): PartyTag {
  if (by.kind === 'route') return tagger.value('');
  if (by.kind === 'user' && exchange.user !== null) return tagger.value(exchange.user);
  if (by.kind === 'header' || by.kind === 'cookie') {
    const value = valueIn(exchange.downstream.fields, by.kind, by.name);
    if (value !== '') return tagger.value(value);
  }
  const { origin, peer } = exchange;
  // Behind a trusted proxy, clients share its connections.
  return origin.client === peer.address ? tagger.peer(peer) : tagger.address(origin.client);
}

function valueIn(fields: Fields, kind: 'header' | 'cookie', name: string): string {
  const field = kind === 'cookie' ? 'cookie' : name;
  let value = '';
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.length !== field.length || fields[i]!.toLowerCase() !== field) continue;
    value += kind === 'cookie' ? (cookieValue(fields[i + 1]!, name) ?? '') : fields[i + 1]!;
  }
  return value;
}
