/**
 * The instant that a date of HTTP names, in one of its three forms (RFC 9110 §5.6.7); in milliseconds since the epoch.
 *
 * @returns `null` for what is none of them: `Date.parse` would make something of nearly everything.
 */
export function httpDate(text: string | string[] | undefined): number | null {
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
