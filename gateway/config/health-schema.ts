/** Schema of the keys that judge the health of endpoints. */

import { z } from 'zod';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { compileSwitchable, row, section, switchable } from '../keys/section.ts';
import {
  count,
  described,
  duration,
  flag,
  oneOrMore,
  orWord,
  parsedBy,
  percent,
  switchedOff,
} from '../keys/value.ts';
import type { HealthRhythm } from '../model/config.ts';

const probePath = parsedBy(z.string(), parseProbePath).meta({
  pattern: '^/',
  doc: { expected: 'a path like /healthz', type: 'path' },
});

const statuses = parsedBy(z.union([z.string(), z.int().transform(String)]), parseStatuses, {
  expected: 'a status from 200 to 599, or a range like 200-399',
});

const rhythm = section({
  interval: row(
    duration({ min: '10ms', max: '1h' }),
    'From one check to the next, a tenth more or less, so that gateways do not ask in step.',
    { as: 'intervalMs', default: '2s', also: 'inter every' },
  ),
  timeout: row(duration({ min: '1ms', max: '1h' }), 'For a check; not longer than the interval.', {
    as: 'timeoutMs',
    defaultText: '`1s`, or the interval where that is shorter',
  }),
  unhealthyAfter: row(count(1, 100), 'Failed checks in a row until an endpoint gets no requests.', {
    default: '3',
    also: 'fall fails unhealthythreshold',
  }),
  healthyAfter: row(count(1, 100), 'Good checks in a row until it gets requests again.', {
    default: '2',
    also: 'rise passes healthythreshold',
  }),
});

const TIMEOUT_MS = 1000;

/** Settings common to all kinds of check. */
export function compileRhythm(written: CheckedHealth): HealthRhythm {
  const { timeoutMs, ...rest } = rhythm.compile(written);
  return { ...rest, timeoutMs: timeoutMs ?? Math.min(TIMEOUT_MS, rest.intervalMs) };
}

const statusRows = section({
  status: row(oneOrMore(statuses), 'The statuses of a good answer: one, a range, or a list of both.', {
    as: 'statuses',
    expected: 'a status from 200 to 599, a range like 200-399, or a list of both',
    type: 'status, range, or a list of both',
    default: '200-399',
    also: 'expect expectstatus expectedstatus statuses match',
  }),
});

export const compileStatuses = statusRows.compile;

const tcp = described(flag, 'Whether a connection alone is the check, and nothing is asked.', {
  default: 'false',
}).optional();

export const healthForm = z
  .strictObject({
    path: described(probePath, 'What is asked with `GET`. Either this or `tcp`.', { also: 'uri' }).optional(),
    tcp,
    ...statusRows.shape,
    ...rhythm.shape,
  })
  .check(({ value, issues }) => {
    const fault = whatIsAsked(value);
    // A key with another name is reported already.
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

/** A connection is the only check for anything but HTTP. */
const streamHealthForm = z
  .strictObject({
    tcp: described(z.literal(true), 'Whether a connection alone is the check, and nothing is asked.', {
      expected: 'true',
      type: '`true`',
      default: 'true',
    }).optional(),
    ...rhythm.shape,
  })
  .meta({
    id: 'streamHealth',
    doc: { expected: 'a map with interval, timeout, unhealthyAfter, healthyAfter', holder: 'health' },
  });

export type CheckedHealth = z.output<typeof healthForm>;

const OFF = switchedOff.transform(() => null);
const TCP = z.literal('tcp').transform((): CheckedHealth => ({ tcp: true }));

const HEALTH_ELSEWHERE =
  'healthcheck healthchecks activehealthcheck healthuri healthpath httpchk check checks';

export const health = described(
  z.union([OFF, TCP, probePath.transform((path): CheckedHealth => ({ path })), healthForm]),
  'Asks each endpoint whether it is well, and gives it no requests while it is not.',
  {
    default: 'off',
    type: '`off`, path, `tcp`, or a map, see [health](#health)',
    also: HEALTH_ELSEWHERE,
    expected: 'off, a path like /healthz, tcp, or a map with path or tcp',
  },
);

export const streamHealth = described(
  z.union([OFF, TCP, streamHealthForm]),
  'Opens a connection to each endpoint now and then, and gives it no others while it can not.',
  {
    default: 'off',
    also: HEALTH_ELSEWHERE,
    type: '`off`, `tcp`, or a map of [health](#health) without path and status',
    expected: 'off, tcp, or a map with interval, timeout, unhealthyAfter, healthyAfter',
  },
);

/** The window of a rate of failures. */
export const windowRows = {
  requests: row(count(1, 100_000), 'With fewer than these in the window, the rate says nothing.', {
    default: '20',
    also: 'minrequests volume volumethreshold requestvolume',
  }),
  window: row(duration({ min: '100ms', max: '1h' }), 'What the rate is counted over.', {
    as: 'windowMs',
    default: '10s',
  }),
};

const ejectionRows = section({
  failures: row(count(1, 1000), 'Failures in a row after which an endpoint is left out.', {
    default: '5',
    also: 'maxfails fails consecutive5xx consecutivefailures',
  }),
  rate: row(
    percent({ min: '1%', max: '100%' }),
    'Failed requests among all within the window, after which it is left out.',
    { default: '50%', also: 'errorrate failurerate threshold' },
  ),
  ...windowRows,
  for: row(
    duration({ min: '1ms', max: '24h' }),
    'How long the first time; longer each further time in a row.',
    { as: 'forMs', default: '10s', also: 'failtimeout failduration baseejectiontime' },
  ),
  max: row(
    percent({ min: '1%', max: '100%' }),
    'Endpoints of one route that may be left out at once; what fails beyond that stays.',
    { as: 'maxShare', default: '50%', also: 'maxejectionpercent' },
  ),
});

export const ejectionForm = z
  .strictObject(ejectionRows.shape)
  .meta({ id: 'ejection', doc: { expected: 'a map of bounds', holder: 'ejection' } });

export const ejection = switchable(ejectionForm, 'ejection');
export const compileEjection = compileSwitchable(ejectionRows);

export const slowStart = described(
  orWord('off', duration({ min: '1ms', max: '1h' })),
  'How long an endpoint that is new or well again takes to its full share.',
  { default: 'off', also: 'warmup rampup' },
);

type StatusRange = readonly [from: number, to: number];

/** A path in origin form (RFC 9112 §3.2.1) with an optional query, sent as written. */
function parseProbePath(text: string): ParseResult<string> {
  if (/^https?:\/\//i.test(text)) return refused('only the path: each endpoint is asked at its own address');
  if (/^GET /i.test(text)) return refused('the path alone: it is always asked with GET');
  if (!text.startsWith('/')) return refused(`a path begins with /: /${text.replaceAll(' ', '')}`);
  if (text.includes('#')) return refused('a # and what follows never leaves a browser: remove it');
  if (!/^[\x21-\x7e]+$/.test(text)) return refused('no spaces, and percent-encoding beyond ASCII');
  return accepted(text);
}

/** `200`, `200-399`. */
function parseStatuses(text: string): ParseResult<StatusRange> {
  const match = /^(\d{3})(?:\s*-\s*(\d{3}))?$/.exec(text);
  if (match === null) return refused(statusHint(text));
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (from > to) return refused(`the smaller one first: ${to}-${from}`);
  // RFC 9110 §15.2: 1xx are no final answers.
  if (from < 200) return refused('final answers begin with 200');
  if (to > 599) return refused('statuses end at 599');
  return accepted([from, to]);
}

function statusHint(text: string): string | undefined {
  const group = /^([2-5])xx$/i.exec(text)?.[1];
  if (group !== undefined) return `a range: ${group}00-${group}99`;
  if (/^\d{3}(?:[,\s|]+\d{3})+$/.test(text))
    return `several are a list: [${text.split(/[,\s|]+/).join(', ')}]`;
  return undefined;
}
