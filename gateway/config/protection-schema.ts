/** Schema of the keys that bound the harm of a slow or broken service to others. */

import { z } from 'zod';
import { compileSwitchable, row, section, switchable } from '../keys/section.ts';
import { count, duration, form, orWord, percent, size } from '../keys/value.ts';
import type { RetriesConfig } from '../model/config.ts';
import { windowRows } from './health-schema.ts';

const DAY = { min: '1ms', max: '24h' };

const timeoutRows = section({
  connect: row(
    duration({ min: '1ms', max: '5m' }),
    'Until a connection to an endpoint stands, TLS included. Then 504, after every address was tried.',
    { as: 'connectMs', default: '2s' },
  ),
  response: row(
    duration(DAY),
    'From the last byte of the request that was sent to the head of the answer. Then 504.',
    { as: 'responseMs', default: '30s', also: 'read send request server' },
  ),
  idle: row(
    duration(DAY),
    'Between two pieces of a body, in either direction. Then the exchange is broken off.',
    { as: 'idleMs', default: '60s' },
  ),
  tunnelIdle: row(
    duration({ min: '1ms', max: '168h' }),
    'The same for event streams, WebSockets and other tunnels; where one side of a WebSocket has ended, `idle` counts.',
    { as: 'tunnelIdleMs', default: '1h', also: 'websocket tunnel' },
  ),
});

export const { own: OWN_TIMEOUTS, compile: compileTimeouts } = timeoutRows;

export const timeouts = z.strictObject(timeoutRows.shape).meta({
  id: 'timeouts',
  doc: { expected: 'a map of timeouts', type: 'map, see [timeouts](#timeouts)', holder: 'timeouts' },
});

const limitRows = section({
  connections: row(count(1, 100_000), 'Connections to an endpoint at once.', {
    default: '1024',
    also: 'maxconn maxconns',
  }),
  waiting: row(
    count(0, 1_000_000),
    'Requests that wait for one of them; the next one is answered 503 at once.',
    { default: '1024', also: 'queue maxqueue pending maxpending maxpendingrequests' },
  ),
  wait: row(duration({ min: '1ms', max: '1h' }), 'How long they do. Then 503.', {
    as: 'waitMs',
    default: '10s',
    also: 'queuetimeout',
  }),
});

export const { own: OWN_LIMITS, compile: compileLimits } = limitRows;

export const limits = form('limits', 'limits', limitRows.shape);

const breakerRows = section({
  rate: row(
    percent({ min: '1%', max: '100%' }),
    'Failed requests among all of the route within the window, after which it opens: 503 at once.',
    { default: '50%', also: 'errorrate failurerate threshold' },
  ),
  ...windowRows,
  open: row(duration({ min: '1ms', max: '1h' }), 'How long it stays open before it tries again.', {
    as: 'openMs',
    default: '5s',
    also: 'openfor sleepwindow fallbackduration timeout',
  }),
  probes: row(
    count(1, 1000),
    'Requests let through then, at once. When they succeed it closes, and one that fails opens it again.',
    { default: '1', also: 'halfopen halfopenrequests' },
  ),
});

export const breakerForm = z
  .strictObject(breakerRows.shape)
  .meta({ id: 'breaker', doc: { expected: 'a map of bounds', holder: 'a breaker' } });

export const breaker = switchable(breakerForm, 'breaker');
export const compileBreaker = compileSwitchable(breakerRows);

const retryRows = section({
  attempts: row(count(1, 10), 'In all, the first one counted; `1` is no retry.', {
    default: '3',
    also: 'tries retries max count numretries',
  }),
  budget: row(
    percent({ min: '0%', max: '100%' }),
    'Retries as a share of the requests of the route: when everything fails, retries do not double the load.',
    { default: '20%', also: 'retrybudget' },
  ),
  perTry: row(
    orWord('none', duration(DAY)),
    'From the last byte of the request to the head of the answer, for each attempt; not longer than the response timeout.',
    { as: 'perTryMs', default: 'none', also: 'pertrytimeout timeout' },
  ),
});

export const OWN_RETRIES = retryRows.own;

export const retriesForm = form('retries', 'retries', retryRows.shape);

export const retries = switchable(retriesForm, 'retries');

/** `off` means one attempt; switched on below that, it is the gateway's default. */
export function compileRetries(
  written: z.output<typeof retries> | undefined,
  base: RetriesConfig,
): RetriesConfig {
  if (written === null) return { ...base, attempts: 1 };
  const isSwitchedOn = base.attempts === 1 && written !== undefined && Object.keys(written).length === 0;
  return retryRows.compile(written, isSwitchedOn ? { ...base, attempts: OWN_RETRIES.attempts } : base);
}

const overloadRows = section({
  eventLoopDelay: row(
    duration({ min: '10ms', max: '1m' }),
    'How late the event loop may be; later than that, new requests are answered 503 at once.',
    { as: 'eventLoopDelayMs', default: '200ms' },
  ),
  memory: row(
    orWord('off', size({ min: '16MiB', max: '1TiB' })),
    'Resident memory of a process, beyond which the same happens.',
    { as: 'memoryBytes', default: 'off' },
  ),
  retryAfter: row(
    duration({ min: '1s', max: '1h' }),
    'What `Retry-After` says, in whole seconds, rounded up.',
    { as: 'retryAfterMs', default: '1s' },
  ),
});

export const overloadForm = z
  .strictObject(overloadRows.shape)
  .meta({ id: 'overload', doc: { expected: 'a map of bounds', holder: 'overload' } });

export const overload = switchable(overloadForm, 'overload');
export const OWN_OVERLOAD = overloadRows.own;
export const compileOverload = compileSwitchable(overloadRows);
