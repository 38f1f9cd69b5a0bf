/** The part of the schema that says what a route may have. */

import { z } from 'zod';
import { balance, canaryForm, sticky } from './balance-schema.ts';
import { parseHeaderName, parseHeaderValue, parseMethod, repeatedNames } from './condition.ts';
import { ejection, health, slowStart } from './health-schema.ts';
import { breaker, limits, retries } from './protection-schema.ts';
import { TO_DOC, targets, to } from './target-schema.ts';
import { described, duration, flag, parsedBy, size, target } from './value.ts';

/** What holds where neither the route nor the top level says otherwise. */
export const TIMEOUT_DEFAULTS = { connect: '2s', response: '30s', idle: '60s', tunnelIdle: '1h' } as const;

const DAY = { min: '1ms', max: '24h' };

export const timeouts = z
  .strictObject({
    connect: described(
      duration({ min: '1ms', max: '5m' }),
      'Until a connection to an endpoint stands, TLS included. Then 504, after every address was tried.',
      { default: TIMEOUT_DEFAULTS.connect },
    ).optional(),
    response: described(
      duration(DAY),
      'From the last byte of the request that was sent to the head of the answer. Then 504.',
      { default: TIMEOUT_DEFAULTS.response },
    ).optional(),
    idle: described(
      duration(DAY),
      'Between two pieces of a body, in either direction. Then the exchange is broken off.',
      { default: TIMEOUT_DEFAULTS.idle },
    ).optional(),
    tunnelIdle: described(
      duration({ min: '1ms', max: '168h' }),
      'The same for event streams, WebSockets and other tunnels.',
      { default: TIMEOUT_DEFAULTS.tunnelIdle },
    ).optional(),
  })
  .meta({
    id: 'timeouts',
    doc: { expected: 'a map of timeouts', type: 'map, see [timeouts](#timeouts)', holder: 'timeouts' },
  });

export const bodyMax = z
  .union([z.literal('unlimited').transform(() => null), size({ min: '0B', max: '1024TiB' })])
  .meta({
    doc: {
      expected: 'a size from 0B to 1024TiB, or unlimited',
      type: 'size with its unit, or `unlimited`',
      needsUnit: 'size',
    },
  });

const method = parsedBy(z.string(), parseMethod).meta({ doc: { expected: 'a request method' } });

const ANY_VALUE = z.literal(true);

const headerValue = z
  .union([ANY_VALUE, parsedBy(z.union([z.string(), z.int().transform(String)]), parseHeaderValue)])
  .meta({ doc: { expected: 'a value, or true for any' } });

const headerMap = z
  .record(parsedBy(z.string(), parseHeaderName).meta({ doc: { expected: 'a header name' } }), headerValue)
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

const queryValue = z
  .union([ANY_VALUE, z.string(), z.int().transform(String)])
  .meta({ doc: { expected: 'a value, or true for any' } });

export const when = z
  .strictObject({
    methods: described(
      z.union([method.transform((one) => [one]), z.array(method).min(1)]),
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
      {
        expected: 'a map of header names to values',
        type: 'map of names to text or `true`',
        defaultText: 'none',
      },
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
      {
        expected: 'a map of query names to values',
        type: 'map of names to text or `true`',
        defaultText: 'none',
      },
    ).optional(),
  })
  .meta({
    id: 'when',
    doc: { expected: 'a map of conditions', type: 'map, see [when](#when)', holder: 'when' },
  });

export const CACHE_DEFAULTS = { maxSize: '64MiB', maxEntry: '5MiB' } as const;

export const cacheForm = z
  .strictObject({
    file: described(
      z.string().min(1),
      'An SQLite file that outlives restarts, relative to this file. Of one process at a time.',
      {
        expected: 'the path of a file',
        type: 'path',
        defaultText: 'none: in memory',
      },
    ).optional(),
    maxSize: described(
      size({ min: '1MiB', max: '64GiB' }),
      'What is kept in all, with fields and URLs; what was not asked for the longest goes first.',
      {
        default: CACHE_DEFAULTS.maxSize,
      },
    ).optional(),
    maxEntry: described(size({ min: '1KiB', max: '1GiB' }), 'A larger answer is carried, and not kept.', {
      default: CACHE_DEFAULTS.maxEntry,
    }).optional(),
  })
  .meta({ id: 'cache', doc: { expected: 'a map with file, maxSize, maxEntry', holder: 'cache' } });

const AS_AT_THE_TOP = { defaultText: 'as at the top level' };

export const lane = described(
  z.enum(['auto', 'wire', 'general']),
  "Which code carries the exchanges: towards clients: `wire` the gateway's own HTTP/1.1, `general` Node's, `auto` the first one where it can.",
  { defaultText: 'as at the top level', expected: 'auto, wire or general' },
);

export const routeForm = z
  .strictObject({
    to: described(
      to,
      'Where the requests go. The endpoints of a list share them, as `balance` says.',
      TO_DOC,
    ),
    exact: described(flag, 'Only this very path, nothing below it.', { default: 'false' }).optional(),
    when: described(when, 'Only requests that also have all of this.', {
      defaultText: 'any request',
    }).optional(),
    strip: described(
      flag,
      'Whether the prefix is taken off: `/images/a.png` reaches the service as `/a.png`.',
      { default: 'true' },
    ).optional(),
    rewrite: described(
      flag,
      'Whether the prefix is put back in what the service says about itself: `Location`, `Content-Location`, `Refresh`, `Link`, `Set-Cookie`.',
      { default: 'on', type: '`on`, `off`', expected: 'on or off' },
    ).optional(),
    hostHeader: described(
      z.enum(['keep', 'rewrite']),
      'The `Host` that the service sees: the one that the client sent, or that of the endpoint. With `rewrite`, `Origin` and `Referer` name the endpoint too, where they named the gateway; in production, name its hosts in `allowedHosts` then, or whatever name leads here counts as its own.',
      { default: 'keep', type: '`keep`, `rewrite`', expected: 'keep or rewrite' },
    ).optional(),
    balance: balance.optional(),
    sticky: sticky.optional(),
    canary: described(canaryForm, 'Other endpoints, for a share of the requests.', {
      type: 'map, see [canary](#canary)',
      defaultText: 'none',
    }).optional(),
    health: health.optional(),
    ejection: described(ejection, 'When an endpoint is left out for what it does.', AS_AT_THE_TOP).optional(),
    slowStart: slowStart.optional(),
    limits: described(
      limits,
      'For each endpoint; what is left out is as at the top level.',
      AS_AT_THE_TOP,
    ).optional(),
    breaker: described(
      breaker,
      'Answers for a service that mostly fails, until it recovers.',
      AS_AT_THE_TOP,
    ).optional(),
    retries: described(
      retries,
      'What is sent again, and how often: only what does no harm twice. `off` is one attempt.',
      AS_AT_THE_TOP,
    ).optional(),
    lane: lane.optional(),
    timeouts: described(
      timeouts,
      'For this route; what is left out is as at the top level.',
      AS_AT_THE_TOP,
    ).optional(),
    bodyMax: described(bodyMax, 'The largest request body; a larger one is answered 413 at once.', {
      defaultText: 'as at the top level',
      bounds: { min: '0B', max: '1024TiB' },
      ends: '`0B` allows no body; refused above',
    }).optional(),
    cache: described(
      z.union([flag.transform((on): z.output<typeof cacheForm> | null => (on ? {} : null)), cacheForm]),
      'A shared HTTP cache (RFC 9111) in front of the service: it keeps what the service allows to be kept.',
      {
        type: '`true`, `false`, or a map, see [cache](#cache)',
        expected: 'true, false, or a map with file, maxSize, maxEntry',
        default: 'false',
      },
    ).optional(),
    extend: described(
      z.string().min(1),
      'A module that extends the route in code, through @fastify/http-proxy. Relative to this file.',
      { expected: 'the path of a module', type: 'path', defaultText: 'none' },
    ).optional(),
  })
  .meta({ id: 'route', doc: { expected: 'a map with the key "to"', holder: 'a route' } });

export const routeValue = z
  .union([target, targets, routeForm, z.array(routeForm).min(1)])
  .meta({ id: 'routeValue', doc: { expected: 'a target, a list of targets, or a map with the key "to"' } });

export type CheckedRoute = z.output<typeof routeForm>;
export type CheckedTimeouts = z.output<typeof timeouts>;
export type CheckedCache = z.output<typeof cacheForm>;
