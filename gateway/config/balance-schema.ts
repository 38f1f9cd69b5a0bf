/** Schema of the keys that choose a request's endpoint. */

import { z } from 'zod';
import { parseHeaderName, TOKEN } from '../keys/field.ts';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { defaulted, described, duration, flag, form, oneOf, parsedBy, percent } from '../keys/value.ts';
import { canaryTo, TO_DOC } from './target-schema.ts';

/** Words of users who take the cookie's name for a switch. */
const SWITCH = /^(?:yes|no|y|n)$/i;

function parseCookieName(text: string): ParseResult<string> {
  if (SWITCH.test(text)) return refused(`YAML 1.2 knows true and false alone: ${/^y/i.test(text)}`);
  if (!TOKEN.test(text)) return refused('letters, digits, - and _ , without spaces, ; or =');
  // RFC 6265bis §4.1.3: a browser drops such a cookie that did not come over TLS.
  if (/^__(?:host|secure)-/i.test(text)) return refused('browsers take a name that begins so over TLS alone');
  return accepted(text);
}

const cookieName = parsedBy(z.string(), parseCookieName, {
  expected: 'the name of a cookie',
  pattern: TOKEN,
});

const headerName = parsedBy(z.string(), parseHeaderName, { expected: 'a header name', pattern: TOKEN });

export const hashKey = z
  .strictObject({
    header: described(headerName, 'The value of this header field.', { type: 'header name' }).optional(),
    cookie: described(cookieName, 'The value of this cookie.', { type: 'cookie name' }).optional(),
  })
  .check(({ value, issues }) => {
    if ((value.header === undefined) !== (value.cookie === undefined)) return;
    const params = {
      expected: 'one of header, cookie',
      found: value.header === undefined ? 'neither' : 'both',
      hint: 'a hash goes by one of them; by the address of the client: "hash: ip"',
    };
    issues.push({ code: 'custom', input: value, path: [], params });
  })
  .meta({ doc: { expected: 'ip, or a map with header or cookie', holder: 'hash' } });

/** There is nothing but the address below HTTP. */
const byAddress = oneOf('ip').meta({ doc: { expected: 'ip' } });

export const balanceForm = z
  .strictObject({
    hash: described(
      z.union([byAddress, hashKey]),
      'What stays with one endpoint: requests of one address, or with one value of a header field or cookie. Adding an endpoint to N moves about 1/N of them. Without the field or cookie it is the address.',
      {
        expected: 'ip, or a map with header or cookie',
        type: '`ip`, or a map, see [hash](#hash)',
        defaultText: '**required**',
      },
    ),
  })
  .meta({ id: 'balance', doc: { expected: 'a map with the key "hash"', holder: 'balance' } });

const streamBalanceForm = z
  .strictObject({
    hash: described(byAddress, 'What stays with one endpoint', { defaultText: '**required**' }),
  })
  .meta({ id: 'streamBalance', doc: { expected: 'a map with the key "hash"', holder: 'balance' } });

const words = oneOf('round-robin', 'least-requests', 'random-two', 'hash');

const BALANCE_DOC = {
  expected: 'round-robin, least-requests, random-two, hash, or a map with hash',
  type: '`round-robin`, `least-requests`, `random-two`, `hash`, or a map, see [balance](#balance)',
  default: 'round-robin',
  also: 'loadbalancing loadbalancer lbpolicy lbmethod algorithm policy',
};

export const balance = described(
  z.union([words, balanceForm]),
  'Which endpoint is next: in turn, the one with the fewest requests under way, the better of two at random, or always the same for the same client.',
  BALANCE_DOC,
);

export const streamBalance = described(
  z.union([words, streamBalanceForm]),
  'Which endpoint is next: in turn, the one with the fewest connections, the better of two at random, or always the same for one address (`hash`).',
  {
    ...BALANCE_DOC,
    type: '`round-robin`, `least-requests`, `random-two`, `hash`',
    expected: 'round-robin, least-requests, random-two or hash',
  },
);

export const stickyForm = form('sticky', 'sticky', {
  cookie: defaulted(cookieName, 'Its name.', { default: 'portway', type: 'cookie name', also: 'name' }),
  maxAge: described(duration({ min: '1s', max: '400d' }), 'How long the browser keeps it.', {
    defaultText: 'until the browser is closed',
    also: 'expires',
  }).optional(),
});

type StickyInput = z.output<typeof stickyForm>;

export const sticky = described(
  z.union([
    flag.transform((on): StickyInput | null => (on ? stickyForm.parse({}) : null)),
    cookieName.transform((cookie): StickyInput => ({ cookie })),
    stickyForm,
  ]),
  'Whether a client stays with the endpoint that it was given first, by a cookie of the gateway; as long as that endpoint is there.',
  {
    default: 'false',
    type: '`true`, `false`, cookie name, or a map, see [sticky](#sticky)',
    expected: 'true, false, the name of a cookie, or a map with cookie, maxAge',
    also: 'stickysession stickysessions stickycookie sessionaffinity affinity persistence',
  },
);

export const canaryForm = form('canary', 'a canary', {
  to: described(canaryTo, 'Where they go. An endpoint of the route is none of its canary.', TO_DOC),
  weight: described(percent({ min: '0%', max: '100%' }), 'The share of requests that go there.', {
    defaultText: '**required**',
    also: 'share percent percentage',
  }),
});

export type CheckedBalance = z.output<typeof balance>;
export type CheckedSticky = z.output<typeof sticky>;
export type CheckedCanary = z.output<typeof canaryForm>;
