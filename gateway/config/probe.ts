/** What an active health check asks, and which answers are good. */

import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';

export type StatusRange = readonly [from: number, to: number];

/** A path in origin form (RFC 9112 §3.2.1), with a query if there is one: it is sent as it stands here. */
export function parseProbePath(text: string): ParseResult<string> {
  if (/^https?:\/\//i.test(text)) return refused('only the path: each endpoint is asked at its own address');
  if (/^GET /i.test(text)) return refused('the path alone: it is always asked with GET');
  if (!text.startsWith('/')) return refused(`a path begins with /: /${text.replaceAll(' ', '')}`);
  if (text.includes('#')) return refused('a # and what follows never leaves a browser: remove it');
  if (!/^[\x21-\x7e]+$/.test(text)) return refused('no spaces, and percent-encoding beyond ASCII');
  return accepted(text);
}

/** `200`, `200-399`. */
export function parseStatuses(text: string): ParseResult<StatusRange> {
  const match = /^(\d{3})(?:\s*-\s*(\d{3}))?$/.exec(text);
  if (match === null) return refused(statusHint(text));
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (from > to) return refused(`the smaller one first: ${to}-${from}`);
  // RFC 9110 §15.2: what begins with 1 is no final answer.
  if (from < 200) return refused('final answers begin with 200');
  if (to > 599) return refused('statuses end at 599');
  return accepted([from, to]);
}

function statusHint(text: string): string | undefined {
  const group = /^([2-5])xx$/i.exec(text)?.[1];
  if (group !== undefined) return `a range: ${group}00-${group}99`;
  if (/^\d{3}(?:[,\s|]+\d{3})+$/.test(text))
    return `several are a list: [${text.split(/[,\s|]+/).join(', ')}]`;
  return undefined;
}
