/** Schema of `tests:`: the route that must take a request, and the expected outcome. A line, or a map with the same in keys. */

import { isIP } from 'node:net';
import { z } from 'zod';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { described, parsedBy } from '../keys/value.ts';

/** Absent properties are not checked. */
export interface ExpectedOutcome {
  /** As in `explain`: `/db`, `shop.test/cart`, `/db#2`; `null`: none. */
  readonly route?: string | null | undefined;
  /** As the service sees it. */
  readonly target?: string | undefined;
  /** Of an answer by the gateway itself. */
  readonly status?: number | undefined;
  readonly location?: string | undefined;
  /** The one that answers in the service's place. */
  readonly policy?: string | undefined;
}

export interface RouteTest {
  readonly method: string;
  /** A path, or a URL with its host. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** An IP address. */
  readonly from: string;
  readonly expected: ExpectedOutcome;
}

export const THIS_MACHINE = '127.0.0.1';
const LINE = 'METHOD URL -> ROUTE, as GET /db/x -> /db';

const request = parsedBy(z.string(), parseRequest, { expected: 'METHOD URL, as GET /db/x' });
const status = z
  .int()
  .min(100)
  .max(599)
  .meta({ doc: { expected: 'a status from 100 to 599' } });
const route = z.string().transform((text) => (text === NO_ROUTE ? null : text));

const headerValue = z
  .union([z.string(), z.int().transform(String)])
  .meta({ doc: { expected: 'the text of a header field' } });

export const testForm = z
  .strictObject({
    request: described(request, 'The request, `GET /db/x`: a path, or a URL with its host.', {
      type: '`METHOD URL`',
      defaultText: '**required**',
    }),
    headers: described(z.record(z.string(), headerValue), 'Its header fields.', {
      expected: 'a map of header fields',
      type: 'map',
    }).optional(),
    from: described(
      z
        .string()
        .refine((text) => isIP(text) !== 0)
        .meta({ doc: { expected: 'an IP address' } }),
      'Where it comes from.',
      { type: 'IP address', expected: 'an IP address', default: THIS_MACHINE },
    ).optional(),
    route: described(
      route,
      'The key of the route that takes it, with `#2` for the second of a list; `no route`: none.',
      { expected: 'the key of a route, or "no route"', type: 'text', defaultText: 'any' },
    ).optional(),
    target: described(z.string(), 'Path and query, as the service sees them.', {
      type: 'text',
      defaultText: 'any',
    }).optional(),
    status: described(
      status,
      'The status of the answer that the gateway gives in the place of the service.',
      { type: 'status', defaultText: 'any' },
    ).optional(),
    location: described(z.string(), 'Where that answer leads.', {
      type: 'text',
      defaultText: 'any',
    }).optional(),
    policy: described(z.string(), 'The policy that answers: `allow`, `auth`, `cors`, ...', {
      type: 'text',
      defaultText: 'any',
    }).optional(),
  })
  .meta({ id: 'test', doc: { expected: 'a map with request, route, target, ...', holder: 'a test' } });

function fromForm({
  request: { method, url },
  headers = {},
  from = THIS_MACHINE,
  ...expected
}: z.output<typeof testForm>): RouteTest {
  return { method, url, headers: Object.entries(headers), from, expected };
}

const MOST = 1_000;

const test = z
  .union([parsedBy(z.string(), parseLine, { expected: LINE }), testForm.transform(fromForm)])
  .meta({ doc: { expected: `${LINE}, or a map with request` } });

export const tests = z
  .union([test.transform((one) => [one]), z.array(test).max(MOST)])
  .meta({ doc: { expected: `${LINE}, or a list of at most ${MOST} of them` } });

export const NO_ROUTE = 'no route';

function parseRequest(text: string): ParseResult<Pick<RouteTest, 'method' | 'url'>> {
  const [, method, url] = /^([!#$%&'*+.^_`|~\w-]+) +(\S+)$/.exec(text.trim()) ?? [];
  if (method === undefined || url === undefined) return refused('first the method, then a path or a URL');
  return accepted({ method, url });
}

/** `GET /db/x -> /db, target /x`. */
function parseLine(text: string): ParseResult<RouteTest> {
  const [left = '', right, more] = text.split(/->|→/);
  if (right === undefined || more !== undefined)
    return refused('the request, one arrow, and what must become of it');
  const asked = parseRequest(left);
  if (!asked.ok) return asked;
  const expected = parseOutcome(right.split(',').map((part) => part.trim()));
  return expected.ok
    ? accepted({ ...asked.value, headers: [], from: THIS_MACHINE, expected: expected.value })
    : expected;
}

function parseOutcome(parts: readonly string[]): ParseResult<ExpectedOutcome> {
  const outcome: { -readonly [Key in keyof ExpectedOutcome]: ExpectedOutcome[Key] } = {};
  for (const part of parts) {
    const [, key, value] = /^(target|location|policy|status) +(\S+)$/.exec(part) ?? [];
    if (part === NO_ROUTE) outcome.route = null;
    else if (key === undefined && /^[^\s]+$/.test(part)) outcome.route = part;
    else if (key === 'status' && /^[1-5]\d\d$/.test(value!)) outcome.status = Number(value);
    else if (key === 'target' || key === 'location' || key === 'policy') outcome[key] = value!;
    else
      return refused(
        'behind the arrow, with commas: a route or "no route", target /x, status 403, location /y, policy auth',
      );
  }
  return accepted(outcome);
}
