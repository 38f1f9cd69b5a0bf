/** The part of the schema that bounds what a slow or broken service can do to everybody else. */

import { z } from 'zod';
import { switchable } from './switchable.ts';
import { count, described, duration, orWord, percent, size } from './value.ts';

export const LIMIT_DEFAULTS = { connections: '1024', waiting: '1024', wait: '10s' } as const;

export const limits = z
  .strictObject({
    connections: described(count(1, 100_000), 'Connections to an endpoint at once.', {
      default: LIMIT_DEFAULTS.connections,
    }).optional(),
    waiting: described(
      count(0, 1_000_000),
      'Requests that wait for one of them; the next one is answered 503 at once.',
      { default: LIMIT_DEFAULTS.waiting },
    ).optional(),
    wait: described(duration({ min: '1ms', max: '1h' }), 'How long they do. Then 503.', {
      default: LIMIT_DEFAULTS.wait,
    }).optional(),
  })
  .meta({
    id: 'limits',
    doc: {
      expected: 'a map with connections, waiting, wait',
      type: 'map, see [limits](#limits)',
      holder: 'limits',
    },
  });

export const BREAKER_DEFAULTS = {
  rate: '50%',
  requests: '20',
  window: '10s',
  open: '5s',
  probes: '1',
} as const;

export const breakerForm = z
  .strictObject({
    rate: described(
      percent({ min: '1%', max: '100%' }),
      'Failed requests among all of the route within the window, after which it opens: 503 at once.',
      { default: BREAKER_DEFAULTS.rate },
    ).optional(),
    requests: described(count(1, 100_000), 'With fewer than these in the window, the rate says nothing.', {
      default: BREAKER_DEFAULTS.requests,
    }).optional(),
    window: described(duration({ min: '100ms', max: '1h' }), 'What the rate is counted over.', {
      default: BREAKER_DEFAULTS.window,
    }).optional(),
    open: described(duration({ min: '1ms', max: '1h' }), 'How long it stays open before it tries again.', {
      default: BREAKER_DEFAULTS.open,
    }).optional(),
    probes: described(
      count(1, 1000),
      'Requests let through then, at once. When they succeed it closes, and one that fails opens it again.',
      { default: BREAKER_DEFAULTS.probes },
    ).optional(),
  })
  .meta({ id: 'breaker', doc: { expected: 'a map of bounds', holder: 'a breaker' } });

export const breaker = switchable(breakerForm, 'breaker');

export const RETRY_DEFAULTS = { attempts: '3', budget: '20%' } as const;

export const retriesForm = z
  .strictObject({
    attempts: described(count(1, 10), 'In all, the first one counted; `1` is no retry.', {
      default: RETRY_DEFAULTS.attempts,
    }).optional(),
    budget: described(
      percent({ min: '0%', max: '100%' }),
      'Retries as a share of the requests of the route: when everything fails, retries do not double the load.',
      { default: RETRY_DEFAULTS.budget },
    ).optional(),
    perTry: described(
      orWord('none', duration({ min: '1ms', max: '24h' })),
      'From the last byte of the request to the head of the answer, for each attempt; not longer than the response timeout.',
      { default: 'none' },
    ).optional(),
  })
  .meta({ id: 'retries', doc: { expected: 'a map with attempts, budget, perTry', holder: 'retries' } });

export const retries = switchable(retriesForm, 'retries');

export const OVERLOAD_DEFAULTS = { eventLoopDelay: '200ms', memory: 'off', retryAfter: '1s' } as const;

export const overloadForm = z
  .strictObject({
    eventLoopDelay: described(
      duration({ min: '10ms', max: '1m' }),
      'How late the event loop may be; later than that, new requests are answered 503 at once.',
      { default: OVERLOAD_DEFAULTS.eventLoopDelay },
    ).optional(),
    memory: described(
      orWord('off', size({ min: '16MiB', max: '1TiB' })),
      'Resident memory of a process, beyond which the same happens.',
      { default: OVERLOAD_DEFAULTS.memory },
    ).optional(),
    retryAfter: described(
      duration({ min: '1s', max: '1h' }),
      'What `Retry-After` says, in whole seconds, rounded up.',
      { default: OVERLOAD_DEFAULTS.retryAfter },
    ).optional(),
  })
  .meta({ id: 'overload', doc: { expected: 'a map of bounds', holder: 'overload' } });

export const overload = switchable(overloadForm, 'overload');

export type CheckedLimits = z.output<typeof limits>;
export type CheckedBreaker = z.output<typeof breaker>;
export type CheckedRetries = z.output<typeof retries>;
export type CheckedOverload = z.output<typeof overload>;
