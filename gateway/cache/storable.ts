import type { CacheConfig } from '../model/config.ts';
import { isEventStream } from './answer-fields.ts';
import { Directives } from './directives.ts';
import { type AnswerHead, type CacheUrl, type Entry, type FieldMap, VARYING_FIELDS_MAX } from './entry.ts';
import { ageOf, guessedLifetimeOf, lifetimeOf } from './freshness.ts';
import { groupsOf } from './groups.ts';
import { Selecting, variesBy } from './vary.ts';

/** The request; `fields` without its conditions. */
export interface CacheQuery extends CacheUrl {
  readonly method: string;
  readonly fields: FieldMap;
}

/** The route's settings that extend the rules. */
export type CacheRules = Pick<
  CacheConfig,
  'entryMaxBytes' | 'errors' | 'heuristic' | 'staleIfErrorMs' | 'staleWhileRevalidateMs'
>;

/** Why an answer is not kept: the `detail` of `Cache-Status` (RFC 9211 §2.8), and a name in the counts. */
export type NotKept =
  | 'request-no-store'
  | 'no-store'
  | 'private'
  | 'set-cookie'
  | 'authorization'
  | 'cookie'
  | 'status'
  | 'no-lifetime'
  | 'already-stale'
  | 'vary'
  | 'event-stream'
  | 'too-large'
  | 'purged'
  | 'no-room'
  | 'groups';

export type Keepable = Omit<Entry, 'body' | 'bodyId'>;

/**
 * Whether an answer to GET may be kept (RFC 9111 §3), and on which terms. We are stricter where a mistake of a service would give one
 * client's answer, or one client's error, to everybody.
 */
export function keepable(
  query: CacheQuery,
  answer: AnswerHead,
  rules: CacheRules,
  now = Date.now(),
): Keepable | NotKept {
  const directives = Directives.ofAnswer(answer.headers);
  const refusal =
    forbidden(query, directives) ??
    notForEverybody(query, answer.headers, directives) ??
    unfit(answer, rules, directives);
  if (refusal !== null) return refusal;
  const lifetimeMs = lifetimeIn(answer, directives, rules, now);
  if (lifetimeMs === null) return 'no-lifetime';
  const cachedAt = now - ageOf(answer.headers, now);
  const staleAt = cachedAt + lifetimeMs;
  const validated = hasValidator(answer.headers);
  // A stale answer is useful if the service can validate it.
  if (staleAt <= now && !validated) return 'already-stale';
  const groups = groupsOf(answer.headers);
  if (groups === null) return 'groups';
  const terms = termsOf(directives, rules);
  const { staleWhileRevalidateMs, staleIfErrorMs } = terms;
  return {
    ...terms,
    origin: query.origin,
    path: query.path,
    statusCode: answer.statusCode,
    statusMessage: answer.statusMessage,
    headers: without(answer.headers, [...OF_ONE_ANSWER, ...directives.withheld]),
    vary: chosenBy(query.fields, answer.headers),
    groups,
    cachedAt,
    staleAt,
    // A validator saves the body whenever it is asked for: only need of its room ends it (RFC 9111 §4.3).
    deleteAt: validated
      ? Number.MAX_SAFE_INTEGER
      : staleAt + Math.max(staleWhileRevalidateMs, staleIfErrorMs, lifetimeMs),
  };
}

/** RFC 9111 §3.1: the age on arrival, and fields for the clients of one proxy. */
const OF_ONE_ANSWER = ['age', 'proxy-authenticate', 'proxy-authentication-info'] as const;

function forbidden({ fields }: CacheQuery, directives: Directives): NotKept | null {
  if (Directives.ofRequest(fields).has('no-store')) return 'request-no-store';
  // RFC 9111 §5.2.2.3: with must-understand, only known statuses are kept, and no-store is for caches that do not know it.
  if (directives.has('no-store') && !directives.grants('must-understand')) return 'no-store';
  return directives.forAll('private') ? 'private' : null;
}

/**
 * RFC 9111 §3.5 for credentials, and the same for cookies: an answer that depends on one client's secret goes to others only if it says so.
 */
function notForEverybody({ fields }: CacheQuery, headers: FieldMap, directives: Directives): NotKept | null {
  if (headers['set-cookie'] !== undefined) return 'set-cookie';
  const shared = directives.grants('public') || (directives.seconds('s-maxage') ?? Number.NaN) > 0;
  if (fields.authorization !== undefined) {
    const named = Array.isArray(fields.authorization) || directives.withheld.includes('authorization');
    if (named || !(shared || directives.grants('must-revalidate'))) return 'authorization';
  }
  return fields.cookie === undefined || directives.grants('public') || directives.has('s-maxage')
    ? null
    : 'cookie';
}

function unfit(answer: AnswerHead, rules: CacheRules, directives: Directives): NotKept | null {
  const { statusCode, headers } = answer;
  if (!isKept(statusCode, rules, directives)) return 'status';
  if (!variesByTheClient(headers)) return 'vary';
  if (isEventStream(headers)) return 'event-stream';
  return Number(headers['content-length']) > rules.entryMaxBytes ? 'too-large' : null;
}

function isKept(status: number, { errors, heuristic }: CacheRules, directives: Directives): boolean {
  if (KEPT.has(status)) return true;
  if (status < 200 || OF_ONE_REQUEST.has(status)) return false;
  if (GUESSED.has(status)) return errors || heuristic;
  // RFC 9111 §5.2.2.3: the meaning of these is unknown.
  if (directives.has('must-understand')) return false;
  // An unknown 2xx means the same as 200 (RFC 9110 §15).
  if (status < 300) return true;
  return status >= 400 && (errors || (heuristic && directives.grants('public')));
}

/** Statuses that depend on the URL alone. Errors are often caused by a field that only one client sent. */
const KEPT: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 410]);

/** Statuses that depend on one client's action, connection, credentials, conditions, body or rate. */
const OF_ONE_REQUEST: ReadonlySet<number> = new Set([
  ...[
    201, 202, 205, 206, 207, 208, 226, 304, 401, 407, 408, 411, 412, 413, 415, 416, 417, 421, 422, 425, 426,
    428, 429, 431, 511,
  ],
]);

/** For how long these are fresh may be guessed (RFC 9110 §15.1), if the route wants that. */
const GUESSED: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/** No heuristics unless configured: a silent service has not thought of caches. */
function lifetimeIn(
  { statusCode, headers }: AnswerHead,
  directives: Directives,
  rules: CacheRules,
  now: number,
): number | null {
  const lifetimeMs = lifetimeOf(directives, headers, now);
  if (lifetimeMs !== null) return lifetimeMs;
  const guesses = rules.heuristic && (GUESSED.has(statusCode) || directives.grants('public'));
  const guess = guesses ? guessedLifetimeOf(headers, now) : null;
  return guess ?? (directives.has('no-cache') ? 0 : null);
}

function termsOf(directives: Directives, rules: CacheRules) {
  const neverStale = NEVER_STALE.some((name) => directives.has(name));
  const alwaysAsked = directives.forAll('no-cache');
  const ms = (name: string, fallback: number) => {
    const seconds = directives.seconds(name);
    if (neverStale || alwaysAsked) return 0;
    return seconds === undefined ? fallback : (seconds || 0) * 1_000;
  };
  return {
    alwaysAsked,
    neverStale,
    staleWhileRevalidateMs: ms('stale-while-revalidate', rules.staleWhileRevalidateMs),
    staleIfErrorMs: ms('stale-if-error', rules.staleIfErrorMs),
  };
}

/** `s-maxage` implies `proxy-revalidate` (RFC 9111 §5.2.2.10). */
const NEVER_STALE = ['must-revalidate', 'proxy-revalidate', 's-maxage'];

function hasValidator({ etag, 'last-modified': modified }: FieldMap): boolean {
  return isTag(etag) || typeof modified === 'string';
}

/** One entity tag (RFC 9110 §8.8.3), and nothing else. */
export function isTag(tag: string | string[] | undefined): tag is string {
  return typeof tag === 'string' && /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag);
}

function chosenBy(fields: FieldMap, headers: FieldMap): Entry['vary'] {
  return headers.vary === undefined ? undefined : new Selecting(fields).by(variesBy(headers.vary));
}

/** Whether Vary names clients' fields only: of those that the gateway writes, the key has no more than host, scheme and prefix. */
function variesByTheClient({ vary }: FieldMap): boolean {
  const names = variesBy(vary);
  return (
    names.length <= VARYING_FIELDS_MAX &&
    names.every((name) => NAME.test(name) && name !== '*' && !GATEWAYS_OWN.has(name))
  );
}

const NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;

const GATEWAYS_OWN: ReadonlySet<string> = new Set(
  'x-forwarded-for x-real-ip forwarded via te x-request-id traceparent'.split(' '),
);

function without(headers: FieldMap, names: readonly string[]): FieldMap {
  const kept = { ...headers };
  for (const name of names) delete kept[name];
  return kept;
}
