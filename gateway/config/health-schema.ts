/** The part of the schema that says how the gateway knows which endpoints are well. */

import { z } from 'zod';
import { parseProbePath, parseStatuses } from './probe.ts';
import { switchable } from './switchable.ts';
import { count, described, duration, flag, orWord, parsedBy, percent } from './value.ts';

export const HEALTH_DEFAULTS = {
  status: '200-399',
  interval: '2s',
  timeout: '1s',
  unhealthyAfter: '3',
  healthyAfter: '2',
} as const;

const probePath = parsedBy(z.string(), parseProbePath).meta({
  pattern: '^/',
  doc: { expected: 'a path like /healthz', type: 'path' },
});

const statuses = parsedBy(z.union([z.string(), z.int().transform(String)]), parseStatuses).meta({
  doc: { expected: 'a status from 200 to 599, or a range like 200-399' },
});

const rhythm = {
  interval: described(
    duration({ min: '10ms', max: '1h' }),
    'From one check to the next, a tenth more or less, so that gateways do not ask in step.',
    { default: HEALTH_DEFAULTS.interval },
  ).optional(),
  timeout: described(duration({ min: '1ms', max: '1h' }), 'For a check; not longer than the interval.', {
    defaultText: `\`${HEALTH_DEFAULTS.timeout}\`, or the interval where that is shorter`,
  }).optional(),
  unhealthyAfter: described(count(1, 100), 'Failed checks in a row until an endpoint gets no requests.', {
    default: HEALTH_DEFAULTS.unhealthyAfter,
  }).optional(),
  healthyAfter: described(count(1, 100), 'Good checks in a row until it gets requests again.', {
    default: HEALTH_DEFAULTS.healthyAfter,
  }).optional(),
};

const tcp = described(flag, 'Whether a connection alone is the check, and nothing is asked.', {
  default: 'false',
}).optional();

export const healthForm = z
  .strictObject({
    path: described(probePath, 'What is asked with `GET`. Either this or `tcp`.', {
      defaultText: 'none',
    }).optional(),
    tcp,
    status: described(
      z.union([statuses.transform((one) => [one]), z.array(statuses).min(1)]),
      'The statuses of a good answer: one, a range, or a list of both.',
      {
        expected: 'a status from 200 to 599, a range like 200-399, or a list of both',
        type: 'status, range, or a list of both',
        default: HEALTH_DEFAULTS.status,
      },
    ).optional(),
    ...rhythm,
  })
  .check(({ value, issues }) => {
    const fault = whatIsAsked(value);
    // A key with another name is told already.
    if (fault === null || issues.length > 0) return;
    const { key, ...params } = fault;
    issues.push({ code: 'custom', input: value, path: key === null ? [] : [key], params });
  })
  .meta({ id: 'health', doc: { expected: 'a map with path or tcp', holder: 'health' } });

interface Asked {
  readonly path?: unknown;
  readonly tcp?: boolean | undefined;
  readonly status?: unknown;
}

function whatIsAsked({ path, tcp: isTcp, status }: Asked) {
  if (path === undefined && isTcp !== true) {
    return { key: null, expected: 'the key "path" or "tcp"', found: 'neither', hint: 'path: /healthz, say' };
  }
  if (isTcp !== true) return null;
  const other = path !== undefined ? 'path' : status !== undefined ? 'status' : null;
  if (other === null) return null;
  const hint = 'a connection alone has neither path nor status: take one of the two out';
  return {
    key: other,
    atKey: true,
    expected: 'a check without "tcp"',
    found: `"${other}" beside "tcp"`,
    hint,
  };
}

/** A connection is all that can be asked of what is not HTTP. */
export const streamHealthForm = z
  .strictObject({
    tcp: described(z.literal(true), 'Whether a connection alone is the check, and nothing is asked.', {
      expected: 'true',
      type: '`true`',
      default: 'true',
    }).optional(),
    ...rhythm,
  })
  .meta({
    id: 'streamHealth',
    doc: { expected: 'a map with interval, timeout, unhealthyAfter, healthyAfter', holder: 'health' },
  });

export type CheckedHealth = z.output<typeof healthForm>;

const OFF = z
  .enum(['off', 'false'])
  .or(z.literal(false))
  .transform(() => null);
const TCP = z.literal('tcp').transform((): CheckedHealth => ({ tcp: true }));

export const health = described(
  z.union([OFF, TCP, probePath.transform((path): CheckedHealth => ({ path })), healthForm]),
  'Asks each endpoint whether it is well, and gives it no requests while it is not.',
  {
    default: 'off',
    type: '`off`, path, `tcp`, or a map, see [health](#health)',
    expected: 'off, a path like /healthz, tcp, or a map with path or tcp',
  },
);

export const streamHealth = described(
  z.union([OFF, TCP, streamHealthForm]),
  'Opens a connection to each endpoint now and then, and gives it no others while it can not.',
  {
    default: 'off',
    type: '`off`, `tcp`, or a map of [health](#health) without path and status',
    expected: 'off, tcp, or a map with interval, timeout, unhealthyAfter, healthyAfter',
  },
);

export const EJECTION_DEFAULTS = {
  failures: '5',
  rate: '50%',
  requests: '20',
  window: '10s',
  for: '10s',
  max: '50%',
} as const;

export const ejectionForm = z
  .strictObject({
    failures: described(count(1, 1000), 'Failures in a row after which an endpoint is left out.', {
      default: EJECTION_DEFAULTS.failures,
    }).optional(),
    rate: described(
      percent({ min: '1%', max: '100%' }),
      'Failed requests among all within the window, after which it is left out.',
      { default: EJECTION_DEFAULTS.rate },
    ).optional(),
    requests: described(count(1, 100_000), 'With fewer than these in the window, the rate says nothing.', {
      default: EJECTION_DEFAULTS.requests,
    }).optional(),
    window: described(duration({ min: '100ms', max: '1h' }), 'What the rate is counted over.', {
      default: EJECTION_DEFAULTS.window,
    }).optional(),
    for: described(
      duration({ min: '1ms', max: '24h' }),
      'How long the first time; longer each further time in a row.',
      { default: EJECTION_DEFAULTS.for },
    ).optional(),
    max: described(
      percent({ min: '1%', max: '100%' }),
      'Endpoints of one route that may be left out at once; what fails beyond that stays.',
      { default: EJECTION_DEFAULTS.max },
    ).optional(),
  })
  .meta({ id: 'ejection', doc: { expected: 'a map of bounds', holder: 'ejection' } });

export const ejection = switchable(ejectionForm, 'ejection');
export type CheckedEjection = z.output<typeof ejection>;

export const slowStart = described(
  orWord('off', duration({ min: '1ms', max: '1h' })),
  'How long an endpoint that is new or well again takes to its full share.',
  { default: 'off' },
);
