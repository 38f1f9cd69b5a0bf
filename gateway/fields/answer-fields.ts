import type { Fields } from '../exchange/contract.ts';
import { HOP_BY_HOP_ANSWER, isHopByHopAnswer, nominate, withoutNominated } from './connection.ts';
import type { RoutedExchange } from './exchange.ts';
import { fromElsewhere } from './fallback-fields.ts';
import { lengthsOf } from './field-names.ts';
import { type PrefixContext, rewriteAnswerField } from './prefix.ts';
import { sentHost, strippedPrefix } from './request-fields.ts';

/** Fields in which a service may name its own place. */
const REWRITTEN: ReadonlySet<string> = new Set(
  'location content-location refresh link set-cookie service-worker-allowed'.split(' '),
);

const HAS_LENGTH_OF_INTEREST = lengthsOf([...REWRITTEN, ...HOP_BY_HOP_ANSWER, 'x-request-id']);

/**
 * The answer's fields for the client: the service's, without those of its connection, and with the prefix put back into URLs, paths and
 * cookies.
 *
 * @param announceTrailers whether trailers can follow, so that `Trailer` may stay
 */
export function answerFields(
  exchange: RoutedExchange,
  endpoint: ServiceName,
  fields: Fields,
  announceTrailers: boolean,
): string[] {
  const out: string[] = [];
  const { rewrite } = exchange.match.route;
  let nominated: Set<string> | null = null;
  let context: PrefixContext | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (HAS_LENGTH_OF_INTEREST[name.length] !== 1) {
      out.push(name, value);
      continue;
    }
    const lower = name.toLowerCase();
    if (lower === 'connection') nominated = nominate(value, nominated);
    if (lower === 'x-request-id' || (isHopByHopAnswer(lower) && !(announceTrailers && lower === 'trailer')))
      continue;
    if (rewrite && REWRITTEN.has(lower)) {
      context ??= prefixContext(exchange, endpoint);
      out.push(name, rewriteAnswerField(lower, value, context));
    } else out.push(name, value);
  }
  out.push('X-Request-Id', exchange.record.requestId);
  const own = nominated === null ? out : withoutNominated(out, nominated);
  return endpoint.isFallback
    ? fromElsewhere(own, endpoint.authority, exchange.origin.proto === 'https')
    : own;
}

/**
 * The fields of a repeated answer that are the same for every client, without the request's id.
 * @returns `null`: they depend on the client's URL or connection
 */
export function fieldsForAll(fields: Fields): Fields | null {
  const out: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const lower = fields[i]!.toLowerCase();
    if (REWRITTEN.has(lower) || lower === 'trailer') return null;
    if (lower === 'connection' && nominate(fields[i + 1]!, null) !== null) return null;
    if (!isHopByHopAnswer(lower) && lower !== 'x-request-id') out.push(fields[i]!, fields[i + 1]!);
  }
  return out;
}

/** Whether a client gets fields that were stored without a change, wherever it asked. */
export function isToldAsItIs(fields: Fields): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const lower = fields[i]!.toLowerCase();
    if (REWRITTEN.has(lower) || isHopByHopAnswer(lower) || lower === 'x-request-id') return false;
  }
  return true;
}

/** The fields of an answer to store: all but those of its connection. The rest is done when the stored answer is sent. */
export function storableFields(fields: Fields): string[] {
  const out: string[] = [];
  let nominated: Set<string> | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    const lower = fields[i]!.toLowerCase();
    if (lower === 'connection') nominated = nominate(fields[i + 1]!, nominated);
    if (!isHopByHopAnswer(lower)) out.push(fields[i]!, fields[i + 1]!);
  }
  return nominated === null ? out : withoutNominated(out, nominated);
}

/** How a service knows itself. */
export interface ServiceName {
  /** Host and port, for the `Host` field. */
  readonly authority: string;
  /** A fallback elsewhere: URLs of its own origin are not the gateway's. */
  readonly isFallback?: boolean;
  /** Whether a lower-case authority is its own, in this or another spelling. */
  owns(authority: string): boolean;
}

function prefixContext(exchange: RoutedExchange, endpoint: ServiceName): PrefixContext {
  const { origin } = exchange;
  const sent = sentHost(exchange, endpoint).toLowerCase();
  return {
    prefix: origin.outerPrefix + strippedPrefix(exchange),
    rewritePrefix: exchange.match.route.rewritePrefix.replace(/\/$/, ''),
    publicOrigin: `${origin.proto}://${origin.authority}`,
    ownAuthorities: (authority) => authority === sent || endpoint.owns(authority),
  };
}
