/** Schema of a route. */

import { z } from 'zod';
import { parseHeaderName, repeatedNames, TOKEN } from '../keys/field.ts';
import { row, section } from '../keys/section.ts';
import {
  described,
  duration,
  flag,
  form,
  oneOrMore,
  onOff,
  parsedBy,
  path,
  size,
  target,
} from '../keys/value.ts';
import { balance, canaryForm, sticky } from './balance-schema.ts';
import { parseCookieName, parseCookieValue, parseHeaderValue, parseMethod } from './condition.ts';
import { folderShape } from './folder-schema.ts';
import { health, slowStart } from './health-schema.ts';
import { inheritedShape } from './inherited.ts';
import { compare, mirror } from './mirror-schema.ts';
import { use } from './plugin-schema.ts';
import { redirectShape } from './redirect-schema.ts';
import { rewritingRows } from './rewriting-schema.ts';
import { commandLine, processShape } from './service-schema.ts';
import { serviceTlsForm } from './service-tls-schema.ts';
import { TO_DOC, targets, to } from './target-schema.ts';

const method = parsedBy(z.string(), parseMethod, { expected: 'a request method', pattern: TOKEN });

const ANY_VALUE = z.literal(true);

const headerValue = z
  .union([ANY_VALUE, parsedBy(z.union([z.string(), z.int().transform(String)]), parseHeaderValue)])
  .meta({ doc: { expected: 'a value, or true for any' } });

const headerMap = z
  .record(parsedBy(z.string(), parseHeaderName, { expected: 'a header name' }), headerValue)
  .check(({ value, issues }) => {
    for (const [name, first] of repeatedNames(Object.keys(value))) {
      const params = {
        atKey: true,
        expected: 'every header once',
        found: `"${name}" again`,
        hint: `${first} is the same header`,
      };
      issues.push({ code: 'custom', input: value, path: [name], params });
    }
  });

const cookieName = parsedBy(z.string(), parseCookieName, { expected: 'the name of a cookie' });

const cookieValue = z
  .union([ANY_VALUE, parsedBy(z.union([z.string(), z.int().transform(String)]), parseCookieValue)])
  .meta({ doc: { expected: 'a value, or true for any' } });

const queryValue = z
  .union([ANY_VALUE, z.string(), z.int().transform(String)])
  .meta({ doc: { expected: 'a value, or true for any' } });

export const when = z
  .strictObject({
    methods: described(
      oneOrMore(method),
      'Request methods, one or a list of them. Upper and lower case are the same here.',
      {
        expected: 'a request method, or a list of them',
        type: 'method or list of methods',
        defaultText: 'any',
      },
    ).optional(),
    headers: described(
      headerMap,
      'Header fields that must all be there, with this value (`true`: with any).',
      { expected: 'a map of header names to values', type: 'map of names to text or `true`' },
    ).optional(),
    cookies: described(
      z.record(cookieName, cookieValue),
      'Cookies that must all be there, with this value (`true`: with any). Of several of one name, one is enough.',
      { expected: 'a map of cookie names to values', type: 'map of names to text or `true`', also: 'cookie' },
    ).optional(),
    query: described(
      z.record(
        z
          .string()
          .min(1)
          .meta({ doc: { expected: 'the name of a parameter' } }),
        queryValue,
      ),
      'Parameters of the query that must all be there, compared after percent-decoding (`true`: with any value).',
      { expected: 'a map of query names to values', type: 'map of names to text or `true`' },
    ).optional(),
  })
  .meta({
    id: 'when',
    doc: { expected: 'a map of conditions', type: 'map, see [when](#when)', holder: 'when' },
  });

const cacheRows = section({
  file: row(
    path('the path of a file'),
    'An SQLite file that outlives restarts, relative to this file. Of one process at a time.',
    { defaultText: 'none: in memory', also: 'path proxycachepath storage' },
  ),
  maxSize: row(
    size({ min: '1MiB', max: '64GiB' }),
    'What is kept in all, with fields and URLs; what was not asked for the longest goes first.',
    { as: 'maxBytes', default: '64MiB', also: 'size max' },
  ),
  maxEntry: row(
    size({ min: '1KiB', max: '1GiB' }),
    'A larger answer is carried, and not kept. At most `16MiB` beside `file`, which is written and read in one go.',
    { as: 'entryMaxBytes', default: '5MiB' },
  ),
  errors: row(
    flag,
    'Whether 4xx and 5xx are kept where the service says for how long: not those that are about one request, such as 401, 412, 429. What one client caused is then given to all.',
    { default: 'false', also: 'cacheerrors negative' },
  ),
  heuristic: row(
    flag,
    'Whether answers that say nothing but when they were changed are fresh for a tenth of the time since, and a day at most (RFC 9111 §4.2.2).',
    { default: 'false' },
  ),
  staleIfError: row(
    duration({ min: '0s', max: '30d' }),
    'For how long a stale answer is given where the service can’t be reached, breaks off, or answers 500 to 504. What the service says of it goes before.',
    { as: 'staleIfErrorMs', default: '0s', also: 'usestale grace' },
  ),
  staleWhileRevalidate: row(
    duration({ min: '0s', max: '30d' }),
    'For how long a stale answer is given while the service is asked behind its back. What the service says of it goes before.',
    { as: 'staleWhileRevalidateMs', default: '0s', also: 'backgroundupdate' },
  ),
});

export const compileCache = cacheRows.compile;

export const cacheForm = form('cache', 'cache', cacheRows.shape);

const plainRows = section({
  ...rewritingRows,
  inspect: row(
    onOff,
    'Whether `portway dev` keeps the beginnings of the bodies of its exchanges, too, in memory alone (docs/inspect.md). `portway start` does so where an operator asks for it, for a limited time.',
    { default: 'off' },
  ),
});

/** The keys of a route that are compiled as they are written. */
export const compilePlainKeys = plainRows.compile;

/** The keys that name a route's origin: it has one of them. */
export const ORIGIN_KEYS = ['to', 'folder', 'redirect', 'respond'] as const;
const OFF = { enum: ['off', 'false', false] };
const IN_PART = { type: 'object', required: ['share'] };
const VARIABLE = { type: 'string', pattern: '\\$\\{' };
/** For editors. Beside one of the others `respond` is switched off, or for a share. */
const ORIGINS = [
  ...['to', 'folder', 'redirect'].map((key) => ({
    required: [key],
    properties: { respond: { anyOf: [OFF, VARIABLE, IN_PART] } },
  })),
  {
    required: ['respond'],
    not: { anyOf: [{ required: ['to'] }, { required: ['folder'] }, { required: ['redirect'] }] },
    properties: { respond: { not: { anyOf: [OFF, IN_PART] } } },
  },
];

export const routeForm = z
  .strictObject({
    to: described(
      to,
      'Where the requests go. The endpoints of a list share them, as `balance` says.',
      TO_DOC,
    ).optional(),
    ...folderShape,
    ...redirectShape,
    run: described(
      commandLine,
      'The process behind it, a command line that `portway dev` runs and watches: the short form of an entry in `services:`. With `to: auto` it is given a free port as `PORT`.',
      { also: 'command cmd exec' },
    ).optional(),
    ...processShape,
    exact: described(flag, 'Only this very path, nothing below it.', { default: 'false' }).optional(),
    when: described(when, 'Only requests that also have all of this.', {
      defaultText: 'any request',
      also: 'methods method headers cookies query match',
    }).optional(),
    ...plainRows.shape,
    tls: described(
      serviceTlsForm,
      'Which certificates of its `https://` and `h2://` endpoints are accepted.',
      {
        type: 'map, see [tls of a route](#tls-of-a-route)',
        defaultText: 'those for its host, of authorities that the system knows',
        also: 'upstreamtls proxyssl backendtls transport',
      },
    ).optional(),
    balance: balance.optional(),
    sticky: sticky.optional(),
    canary: described(canaryForm, 'Other endpoints, for a share of the requests.', {
      also: 'split trafficsplit weighted',
    }).optional(),
    health: health.optional(),
    slowStart: slowStart.optional(),
    ...inheritedShape('route'),
    cache: described(
      z.union([flag.transform((on): z.output<typeof cacheForm> | null => (on ? {} : null)), cacheForm]),
      'A shared HTTP cache (RFC 9111) in front of the service: it keeps what the service allows to be kept.',
      {
        type: '`true`, `false`, or a map, see [cache](#cache)',
        expected: 'true, false, or a map with file, maxSize, maxEntry',
        default: 'false',
      },
    ).optional(),
    mirror: mirror.optional(),
    compare: compare.optional(),
    extend: described(
      path('the path of a module'),
      'A module that extends the route in code, through @fastify/http-proxy. Relative to this file.',
      {},
    ).optional(),
    use,
  })
  .refine(
    (route: Readonly<Record<string, unknown>>) => ORIGIN_KEYS.some((key) => (route[key] ?? null) !== null),
    { path: ['to'], when: isMap },
  )
  .meta({
    id: 'route',
    oneOf: ORIGINS,
    doc: { expected: 'a map with the key "to", "folder", "redirect" or "respond"', holder: 'a route' },
  });

/** True with other issues, too, so that all faults of a route are reported in one run. */
function isMap({ value }: z.core.ParsePayload): boolean {
  return typeof value === 'object' && value !== null;
}

export const routeValue = z.union([target, targets, routeForm, z.array(routeForm).min(1)]).meta({
  id: 'routeValue',
  doc: {
    expected: 'a target, a list of targets, or a map with the key "to", "folder", "redirect" or "respond"',
  },
});

export type CheckedRoute = z.output<typeof routeForm>;
export type CheckedCache = z.output<typeof cacheForm>;
