import type { ExchangeQuery, MessageQuery } from '../../model/exchanges.ts';
import type { KeptExchange } from './ring.ts';

const LIMIT_MAX = 1_000;
const LIMIT = 100;

export const QUERY_USAGE =
  '`status` is a code (404), a class (5xx) or `failed`; `since` a time (2026-11-29T08:00:00Z), milliseconds since the epoch, or how long ' +
  `ago (30s, 5m, 2h); \`limit\` a number from 1 to ${LIMIT_MAX}. \`route\`, \`user\`, \`method\` and \`text\` are texts.`;

/** @param parameters of the request. @returns `null` where one of them can't be read. */
export function readQuery(parameters: URLSearchParams, now: number): ExchangeQuery | null {
  const text = (name: string) => parameters.get(name) || undefined;
  const limit = Number(text('limit') ?? LIMIT);
  const status = text('status');
  const since = sinceOf(text('since'), now);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) return null;
  if (status !== undefined && !/^([1-5]xx|\d{3}|0|failed)$/.test(status)) return null;
  if (Number.isNaN(since)) return null;
  const asked = { route: text('route'), user: text('user'), method: text('method'), text: text('text') };
  const given = Object.entries({ ...asked, status, since }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), limit };
}

/** The same for messages. */
export function readMessageQuery(parameters: URLSearchParams): MessageQuery | null {
  const limit = Number(parameters.get('limit') || LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) return null;
  const given = ['route', 'request', 'text'].flatMap((name) => {
    const value = parameters.get(name);
    return value ? [[name, value] as const] : [];
  });
  return { ...Object.fromEntries(given), limit };
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `30s`, `5m` in milliseconds; `null`: anything else. */
export function agoMs(text: string): number | null {
  const read = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  return read === null ? null : Number(read[1]) * UNIT_MS[read[2]!]!;
}

/** @returns NaN where it can't be read. */
function sinceOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ago = agoMs(text);
  if (ago !== null) return now - ago;
  return /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
}

/** Whether nothing is left out, but for the limit. */
export function isForAll({ limit: _, after: __, ...filter }: ExchangeQuery): boolean {
  return Object.keys(filter).length === 0;
}

/** By all but its text. */
export function isMeant(kept: KeptExchange, query: ExchangeQuery): boolean {
  const { record, endedAt } = kept;
  const { route, status, since, user, method } = query;
  if (since !== undefined && endedAt < since) return false;
  if (route !== undefined && record.route !== route) return false;
  if (user !== undefined && record.user !== user) return false;
  if (method !== undefined && record.method !== method.toUpperCase()) return false;
  return status === undefined || hasStatus(kept, status);
}

function hasStatus({ record }: KeptExchange, wanted: string): boolean {
  const { status, errorCode } = record;
  if (wanted === 'failed') return status >= 500 || errorCode !== null;
  if (wanted.endsWith('xx')) return Math.floor(status / 100) === Number(wanted[0]);
  return status === Number(wanted);
}
