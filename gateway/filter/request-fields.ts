import type { RoutedExchange } from './exchange.ts';
import { pushForwardedFields } from './forwarded.ts';

/** What the gateway says of itself and of the exchange in every request that it sends on. */
export interface Signature {
  /** Its name in `Via`. */
  readonly pseudonym: string;
  readonly requestId: string;
  readonly traceparent: string;
}

/** As much of an exchange as its fields depend on. */
export type FieldSource = Pick<
  RoutedExchange,
  'facts' | 'peer' | 'origin' | 'version' | 'authority' | 'match'
>;

/**
 * The fields that the service gets: what the client sent, less what concerned its connection, plus what the gateway vouches for.
 *
 * @param endpointAuthority host and port of the endpoint, for `hostHeader: rewrite`.
 */
export function requestFields(
  exchange: FieldSource,
  endpointAuthority: string,
  signature: Signature,
): string[] {
  const { facts, peer, origin, version } = exchange;
  const out = ['Host', sentHost(exchange, endpointAuthority), ...facts.kept];
  // The only transfer coding parameter that survives a hop (RFC 9110 §10.1.4).
  if (facts.acceptsTrailers) out.push('TE', 'trailers');
  pushForwardedFields(out, peer, origin, strippedPrefix(exchange));
  out.push('Via', `${version} ${signature.pseudonym}`);
  out.push('X-Request-Id', signature.requestId, 'Traceparent', signature.traceparent);
  return out;
}

export function sentHost(
  exchange: Pick<FieldSource, 'match' | 'authority'>,
  endpointAuthority: string,
): string {
  return exchange.match.route.hostHeader === 'rewrite' ? endpointAuthority : exchange.authority;
}

/** The prefix in its canonical spelling, whatever spelling the client used; the root is no prefix. */
export function strippedPrefix(exchange: Pick<FieldSource, 'match'>): string {
  const { route } = exchange.match;
  return route.strip && route.matcher.path !== '/' ? route.matcher.path : '';
}
