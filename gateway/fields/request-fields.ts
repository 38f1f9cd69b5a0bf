import { type Fields, RepeatedFields } from '../exchange/contract.ts';
import type { RoutedHead } from './exchange.ts';
import { isPublicOrigin, type Origin, pushForwardedFields } from './forwarded.ts';

/** Values of the gateway's own fields in each request to a service. */
export interface Signature {
  /** Its name in `Via`. */
  readonly pseudonym: string;
  readonly requestId: string;
  readonly traceparent: string;
}

/** An endpoint as its service knows itself. */
export interface EndpointOrigin {
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** It stands in from elsewhere, and is asked by its own name, as if there were no gateway before it. */
  readonly isFallback?: boolean;
}

/**
 * The fields for the service: the client's, without those of its connection, plus the gateway's own.
 *
 * @param endpoint for `hostHeader: rewrite`
 */
export function requestFields(
  exchange: RoutedHead,
  endpoint: EndpointOrigin,
  signature: Signature,
): string[] {
  const out = repeatableFields(exchange, endpoint, signature.pseudonym);
  pushOwn(out, signature);
  if (exchange.user !== null) setUser(out, exchange.user);
  return out;
}

/** Those of one exchange alone. */
export function ownRequestFields(signature: Signature): string[] {
  const out: string[] = [];
  pushOwn(out, signature);
  return out;
}

function pushOwn(out: string[], { requestId, traceparent }: Signature): void {
  out.push('X-Request-Id', requestId, 'Traceparent', traceparent);
}

/** The changes that a route's policies make to the fields for its service. */
export interface FieldsPolicies {
  /** Stands for them, where something is remembered that must not keep them. */
  readonly mark: object;
  /** Depends only on the fields and the facts of the exchange, which repeat together. */
  toService(fields: Fields, exchange: RoutedHead): Fields;
}

/** Those in front of them, of a request that repeats, as policies have them; `null`: it does not. */
export function repeatedRequestFields(
  exchange: RoutedHead,
  endpoint: EndpointOrigin,
  pseudonym: string,
  policies: FieldsPolicies,
): RepeatedFields | null {
  const { facts, origin, user } = exchange;
  const { memo } = facts;
  if (memo === null) return null;
  const { prefix } = exchange.match;
  const by = policies.mark;
  const named = namesEndpoint(exchange, endpoint) ? endpoint : null;
  const { sent } = memo;
  const isSame =
    sent?.by === by &&
    sent.user === user &&
    sent.prefix === prefix &&
    sent.origin === origin &&
    sent.named === named;
  if (isSame) return sent.repeated;
  const fields = repeatableFields(exchange, endpoint, pseudonym);
  if (user !== null) setUser(fields, user);
  const repeated = new RepeatedFields(policies.toService(fields, exchange));
  memo.sent = { by, user, prefix, origin, named, repeated };
  return repeated;
}

function repeatableFields(exchange: RoutedHead, endpoint: EndpointOrigin, pseudonym: string): string[] {
  const { facts, peer, origin, version } = exchange;
  const host = sentHost(exchange, endpoint);
  const kept = namesEndpoint(exchange, endpoint)
    ? namingService(facts.kept, origin, `${endpoint.scheme}://${host}`)
    : facts.kept;
  const out = ['Host', host, ...kept];
  // The only transfer coding parameter that survives a hop (RFC 9110 §10.1.4).
  if (facts.acceptsTrailers) out.push('TE', 'trailers');
  // By them it would send the client to where it can't follow: to https, for one, again and again.
  if (!endpoint.isFallback) pushForwardedFields(out, peer, origin, strippedPrefix(exchange));
  out.push('Via', `${version} ${pseudonym}`);
  return out;
}

/** Replaces every spelling of the field, as services read an underscore as a hyphen. */
function setUser(fields: string[], user: string): void {
  for (let i = fields.length - 2; i >= 0; i -= 2)
    if (fields[i]!.length === USER.length && SAYS_USER.test(fields[i]!)) fields.splice(i, 2);
  fields.push(USER, user);
}

const USER = 'X-Forwarded-User';
const SAYS_USER = /^x[-_]forwarded[-_]user$/i;

/**
 * `Origin` and `Referer` go with `Host` where they name the public origin: an application that compares them must not take its own pages
 * for a stranger's. Any other origin is left for it to refuse.
 */
function namingService(kept: readonly string[], origin: Origin, serviceOrigin: string): string[] {
  const fields = [...kept];
  for (let i = 0; i < fields.length; i += 2) {
    if (!/^(?:origin|referer)$/i.test(fields[i]!)) continue;
    const named = ORIGIN.exec(fields[i + 1]!);
    if (named === null || !isPublicOrigin(named[1]!.toLowerCase(), named[2]!, origin)) continue;
    fields[i + 1] = serviceOrigin + fields[i + 1]!.slice(named[0].length);
  }
  return fields;
}

const ORIGIN = /^(https?):\/\/([^/?#]*)/i;

export function sentHost(
  exchange: Pick<RoutedHead, 'match' | 'authority' | 'ownHost'>,
  endpoint: Pick<EndpointOrigin, 'authority' | 'isFallback'>,
): string {
  return namesEndpoint(exchange, endpoint) ? nameOf(exchange, endpoint) : exchange.authority;
}

function nameOf(
  { match: { route } }: Pick<RoutedHead, 'match'>,
  { authority, isFallback }: Pick<EndpointOrigin, 'authority' | 'isFallback'>,
): string {
  return typeof route.hostHeader === 'object' && isFallback !== true ? route.hostHeader.name : authority;
}

function namesEndpoint(
  { match: { route }, ownHost }: Pick<RoutedHead, 'match' | 'ownHost'>,
  { isFallback }: Pick<EndpointOrigin, 'isFallback'>,
): boolean {
  const { hostHeader } = route;
  if (isFallback === true || hostHeader === 'rewrite') return true;
  return typeof hostHeader === 'object' || (ownHost && hostHeader === 'auto');
}

/** The prefix in its canonical spelling, however the client spelled it; empty for the root. */
export function strippedPrefix(exchange: Pick<RoutedHead, 'match'>): string {
  const { route, prefix } = exchange.match;
  return route.strip ? prefix : '';
}
