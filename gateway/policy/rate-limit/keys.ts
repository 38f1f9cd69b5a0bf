/** `rateLimit:` of a route or of the top level. */

import { z } from 'zod';
import { TOKEN } from '../../keys/field.ts';
import { inherited } from '../../keys/inherited.ts';
import { accepted, type ParseResult, refused } from '../../keys/parse-result.ts';
import { count, described, orWord, parsedBy } from '../../keys/value.ts';

/** How requests are told apart; `header` and `cookie` have a name. */
export type LimitBy =
  | { readonly kind: 'ip' | 'user' | 'route' }
  | { readonly kind: 'header' | 'cookie'; readonly name: string };

export interface RateLimit {
  readonly count: number;
  readonly periodMs: number;
  readonly burst: number;
  readonly by: LimitBy;
  /** As people write it: `100/s by ip`. */
  readonly text: string;
}

interface Rate {
  readonly count: number;
  readonly periodMs: number;
  readonly text: string;
}

const rate = parsedBy(z.string(), parseRate, {
  expected: 'a rate: 100/s, 60/m, 1000/h',
  pattern: /^\d{1,7} ?\/ ?[smhd]$/,
});
const BY = 'ip, user, route, header NAME, or cookie NAME';
const byValue = parsedBy(z.string(), parseBy, {
  expected: BY,
  pattern: /^(?:ip|user|route|(?:header|cookie) [^\s;,=:/]+)$/,
});

/** The key `by`. @param also other programs' names for it */
export function by(text: string, also: string) {
  return described(byValue, text, {
    expected: BY,
    type: '`ip`, `user`, `route`, `header NAME`, `cookie NAME`',
    defaultText: '`ip`',
    also,
  }).optional();
}

/** As people write it: `ip`, `header x-tenant`. */
export function byText(apart: LimitBy): string {
  return 'name' in apart ? `${apart.kind} ${apart.name}` : apart.kind;
}

export const rateLimitForm = z
  .strictObject({
    rate: described(rate, 'How many requests in a second, minute, hour or day, evenly spread.', {
      expected: 'a rate: 100/s, 60/m, 1000/h',
      type: 'number, `/`, and `s`, `m`, `h` or `d`',
      also: 'average limit requests max period window timewindow',
    }),
    burst: described(count(1, 1_000_000), 'How many may come at once, after a pause.', {
      defaultText: 'as many as `rate` says',
    }).optional(),
    by: by(
      'What is counted apart: the address of the client (IPv6: its /64), who has logged in, a header, a cookie, or everything on the route together.',
      'key zone source',
    ),
  })
  .meta({ doc: { holder: 'a rate limit' } })
  .transform(({ rate: { count: most, periodMs, text }, burst, by: apart = { kind: 'ip' } }): RateLimit => {
    return { count: most, periodMs, burst: burst ?? most, by: apart, text: `${text} by ${byText(apart)}` };
  })
  .meta({ id: 'rateLimit', doc: { expected: 'a map with rate, burst, by' } });

const rateLimitValue = orWord(
  'off',
  z.union([rateLimitForm.transform((one) => [one]), z.array(rateLimitForm).min(1).max(8)]).meta({
    doc: {
      expected: 'a map with rate, burst, by, or a list of them',
      type: 'map, see [rateLimit](#ratelimit), or a list of them',
    },
  }),
);

export const rateLimitRow = inherited('rateLimit', rateLimitValue, {
  own: null,
  top: { default: 'off' },
  route: {
    text: 'How many requests may come in a time; others are answered 429 ([rate-limit.md](rate-limit.md)). Each route counts for itself.',
    also: 'ratelimit limitreq throttle rate',
  },
});

function parseRate(text: string): ParseResult<Rate> {
  const [, digits, unit] = /^(\d{1,7}) ?\/ ?(s|m|h|d)$/.exec(text) ?? [];
  const most = Number(digits);
  if (unit === undefined || most < 1 || most > 1_000_000)
    return refused('a number from 1 to 1000000, and the time it is for: s, m, h or d');
  return accepted({ count: most, periodMs: PERIODS_MS[unit]!, text: `${most}/${unit}` });
}

const PERIODS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseBy(text: string): ParseResult<LimitBy> {
  if (text === 'ip' || text === 'user' || text === 'route') return accepted({ kind: text });
  const [kind, name = '', ...more] = text.split(' ');
  if ((kind !== 'header' && kind !== 'cookie') || more.length > 0 || !TOKEN.test(name))
    return refused('the address is "ip", a field is "header X-Tenant", a cookie is "cookie session"');
  return accepted({ kind, name: kind === 'header' ? name.toLowerCase() : name });
}
