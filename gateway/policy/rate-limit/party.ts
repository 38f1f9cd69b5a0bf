import { hash } from 'node:crypto';
import type { Fields } from '../../exchange/contract.ts';
import { cookieValue } from '../../fields/cookie.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import { addressNetwork } from './address-network.ts';
import type { LimitBy } from './keys.ts';

/** Who does not say what is asked for is counted by address: saying nothing is no way round. */
export function partyOf(by: LimitBy, exchange: RoutedExchange): string {
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
