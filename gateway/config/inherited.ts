/** Settings that routes inherit from the top level: one row for a key of both. */

import { dirname } from 'node:path';
import { z } from 'zod';
import { type InheritedRow, inherited } from '../keys/inherited.ts';
import { duration, oneOf, orWord, size } from '../keys/value.ts';
import type { LimitsConfig, PolicySettings, TimeoutsConfig } from '../model/config.ts';
import { compilePolicyKeys, POLICY_KEYS } from '../policy/order.ts';
import { compileEjection, ejection } from './health-schema.ts';
import {
  breaker,
  compileBreaker,
  compileLimits,
  compileRetries,
  compileTimeouts,
  limits,
  OWN_LIMITS,
  OWN_RETRIES,
  OWN_TIMEOUTS,
  retries,
  timeouts,
} from './protection-schema.ts';

const bodyMax = z
  .union([z.literal('unlimited').transform(() => null), size({ min: '0B', max: '1024TiB' })])
  .meta({
    doc: {
      expected: 'a size from 0B to 1024TiB, or unlimited',
      type: 'size with its unit, or `unlimited`',
      needsUnit: 'size',
      bounds: { min: '0B', max: '1024TiB' },
      ends: '`0B` allows no body; refused above',
    },
  });

const hold = orWord('off', duration({ min: '100ms', max: '5m' }));

const lane = oneOf('auto', 'wire', 'general').meta({ doc: { expected: 'auto, wire or general' } });

const escapeChoice = z
  .enum(['auto', 'redirect', 'script', 'name', 'off'])
  .meta({ doc: { expected: 'auto, redirect, script, name or off' } });

const INHERITED = {
  timeouts: inherited<'timeouts', typeof timeouts, TimeoutsConfig>('timeouts', timeouts, {
    own: OWN_TIMEOUTS,
    compile: compileTimeouts,
    top: { defaultText: 'see [timeouts](#timeouts)' },
    route: { text: 'For this route; what is left out is as at the top level.', also: 'timeout' },
  }),
  bodyMax: inherited('bodyMaxBytes', bodyMax, {
    top: {
      text: 'The largest request body, for every route that does not say otherwise.',
      default: 'unlimited',
    },
    route: {
      text: 'The largest request body; a larger one is answered 413 at once.',
      also: 'clientmaxbodysize bodylimit maxbody maxbodysize',
    },
  }),
  retries: inherited('retries', retries, {
    own: OWN_RETRIES,
    compile: compileRetries,
    top: { defaultText: 'see [retries](#retries)' },
    route: {
      text: 'What is sent again, and how often: only what does no harm twice. `off` is one attempt.',
      also: 'retry retrypolicy lbtries tries numretries retrybudget pertrytimeout proxynextupstream proxynextupstreamtries',
    },
  }),
  limits: inherited<'limits', typeof limits, LimitsConfig>('limits', limits, {
    own: OWN_LIMITS,
    compile: compileLimits,
    top: { defaultText: 'see [limits](#limits)' },
    route: {
      text: 'For each endpoint; what is left out is as at the top level.',
      also: 'maxconn maxconns queue maxqueue pending maxpending maxpendingrequests queuetimeout',
    },
  }),
  breaker: inherited('breaker', breaker, {
    compile: compileBreaker,
    top: { default: 'off' },
    route: {
      text: 'Answers for a service that mostly fails, until it recovers.',
      also: 'circuitbreaker circuitbreakers',
    },
  }),
  ejection: inherited('ejection', ejection, {
    compile: compileEjection,
    top: { text: 'For every route and stream that does not say otherwise.', default: 'on' },
    route: {
      text: 'When an endpoint is left out for what it does.',
      also: 'outlierdetection passivehealth passivehealthcheck maxfails failtimeout failduration consecutive5xx consecutivefailures maxejectionpercent',
    },
  }),
  lane: inherited('lane', lane, {
    top: {
      text: 'For every route that does not say otherwise: which code carries the exchanges.',
      default: 'auto',
    },
    route: {
      text: "Which code carries the exchanges: towards clients: `wire` the gateway's own HTTP/1.1, `general` Node's, `auto` the first one where it can.",
    },
  }),
  hold: inherited('holdMs', hold, {
    own: null,
    // `off` becomes 0, since `null` stands for the default of the mode.
    compile: (written): number | null => written ?? 0,
    top: { defaultText: '`10s` in development, for services that `portway dev` runs; `off` in production' },
    route: {
      text: 'How long a request waits while nothing listens where it goes, as while its service starts; then it is carried, or answered 502. At most 256 wait at once, their bodies unread, and the navigation of a browser waits a second.',
      also: 'startuptimeout waitforservice trydurations tryduration lbtryduration',
    },
  }),
  escape: inherited('escape', escapeChoice, {
    top: {
      text: 'For every route that does not say otherwise: what happens to requests that its pages send outside its prefix.',
      default: 'auto',
    },
    route: {
      text: 'What happens to requests that a page of the route sends outside its prefix ([escape.md](escape.md)): `redirect` leads them back, `script` puts a script into its HTML documents besides, `name` sends browsers that open a page to the name of the route instead, in development, `off` leaves them where they go, `auto` is `redirect` in development and `off` in production.',
      also: 'subfilter htmlrewrite basepath catch',
    },
  }),
};

type Table = typeof INHERITED;
type Shape<Level extends 'top' | 'route'> = { readonly [Key in keyof Table]: Table[Key][Level] };

/** Of the top level, or of a route. */
export function inheritedShape<Level extends 'top' | 'route'>(level: Level): Shape<Level> {
  const rows = [...Object.entries(INHERITED), ...POLICY_KEYS];
  const shape = rows.map(([key, row]) => [key, row[level]]);
  return Object.fromEntries(shape) as Shape<Level>;
}

/** The inherited settings of a route. */
export type RouteDefaults = {
  readonly [Key in keyof Table as Table[Key]['name']]: Table[Key]['own'];
} & { readonly policies: PolicySettings };

type Written = { readonly [Key in keyof Table]?: z.output<Table[Key]['top']> };

const ROWS: readonly (readonly [key: string, InheritedRow<z.ZodType, string, unknown>])[] =
  Object.entries(INHERITED);

const OWN = {
  ...Object.fromEntries(ROWS.map(([, { name, own }]) => [name, own])),
  policies: compilePolicyKeys({}, null, ''),
} as RouteDefaults;

/** @param written at the top level, or at a route. @param file the configuration. @param base the inherited settings */
export function compileInherited(written: Written, file: string, base: RouteDefaults = OWN): RouteDefaults {
  const folder = dirname(file);
  const values: Readonly<Record<string, unknown>> = written;
  const defaults: Readonly<Record<string, unknown>> = base;
  const compiled = ROWS.map(([key, { name, compile }]) => [
    name,
    compile(values[key], defaults[name], folder),
  ]);
  return {
    ...Object.fromEntries(compiled),
    policies: compilePolicyKeys(values, base.policies, folder),
  } as RouteDefaults;
}
