import type { Directives } from './directives.ts';
import type { FieldMap } from './entry.ts';

/** RFC 9111 §4.2; all times are milliseconds. */

/** The age of an answer on arrival (§4.2.3): its Age, or the difference to its Date. */
export function ageOf(headers: FieldMap, now: number): number {
  const date = httpDate(headers.date);
  return Math.max(date === null ? 0 : now - date, statedAge(headers.age) * 1_000, 0);
}

/** RFC 9111 §5.1: the first of several values counts; invalid ones are ignored. */
function statedAge(age: string | string[] | undefined): number {
  const [first = ''] = ([age].flat()[0] ?? '').split(',', 1).map((value) => value.trim());
  return /^\d+$/.test(first) ? Math.min(Number(first), SECONDS_MAX) : 0;
}

const SECONDS_MAX = 2 ** 31;

/**
 * The freshness lifetime that the service states (§4.2.1).
 *
 * @returns `null`: not stated; 0 for an invalid value, to be safe (§4.2.1, §5.3)
 */
export function lifetimeOf(directives: Directives, headers: FieldMap, now: number): number | null {
  const seconds = directives.seconds('s-maxage') ?? directives.seconds('max-age');
  if (seconds !== undefined) return Number.isNaN(seconds) ? 0 : seconds * 1_000;
  if (headers.expires !== undefined && !directives.targeted) return untilExpires(headers, now);
  return directives.grants('immutable') ? IMMUTABLE_MS : null;
}

function untilExpires({ expires, date }: FieldMap, now: number): number {
  const end = httpDate(expires);
  return end === null ? 0 : Math.max(0, end - (httpDate(date) ?? now));
}

/** A guess (§4.2.2): a tenth of the time for which it has not been changed, and a day at most. @returns `null`: there is nothing to go by. */
export function guessedLifetimeOf(headers: FieldMap, now: number): number | null {
  const modified = httpDate(headers['last-modified']);
  if (modified === null) return null;
  const unchanged = (httpDate(headers.date) ?? now) - modified;
  return unchanged > 0 ? Math.min(unchanged / 10, DAY_MS) : null;
}

const DAY_MS = 86_400_000;
/** RFC 8246: the lifetime of an immutable answer without another one. */
const IMMUTABLE_MS = 365 * DAY_MS;

/**
 * Parses an HTTP date in one of its three forms (RFC 9110 §5.6.7), in milliseconds since the epoch.
 *
 * @returns `null` for anything else, which `Date.parse` would often accept
 */
function httpDate(text: string | string[] | undefined): number | null {
  if (typeof text !== 'string') return null;
  const match = IMF_FIXDATE.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text);
  if (!match) return null;
  const { day, month, year, time } = match.groups!;
  const [hour, minute, second] = time!.split(':').map(Number) as [number, number, number];
  if (hour > 23 || minute > 59 || second > 60) return null;
  const [date, at] = [Number(day), MONTHS.indexOf(month!)];
  const instant = Date.UTC(fullYear(year!), at, date, hour, minute, second);
  return new Date(instant).getUTCDate() === date || second === 60 ? instant : null;
}

/** Two digits that would be more than 50 years ahead are of the century before. */
function fullYear(year: string): number {
  if (year.length === 4) return Number(year);
  const now = new Date().getUTCFullYear();
  const inThisCentury = now - (now % 100) + Number(year);
  return inThisCentury > now + 50 ? inThisCentury - 100 : inThisCentury;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = String.raw`(?<time>\d\d:\d\d:\d\d)`;
const IMF_FIXDATE = new RegExp(String.raw`^[A-Z][a-z]{2}, (?<day>\d\d) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(String.raw`^[A-Z][a-z]+day, (?<day>\d\d)-${MONTH}-(?<year>\d\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(String.raw`^[A-Z][a-z]{2} ${MONTH} (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`);
