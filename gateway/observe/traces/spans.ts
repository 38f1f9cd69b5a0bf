import type { AttemptDetail } from '../../exchange/detail.ts';
import { METHODS } from '../../exchange/node-http.ts';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { ExchangeTrace } from '../../exchange/trace.ts';

// An exchange as spans of OpenTelemetry, in the JSON of OTLP 1.x; attributes by the semantic conventions for HTTP.

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly OtlpEvent[];
  readonly status: { readonly code: number };
}

interface OtlpEvent {
  readonly timeUnixNano: string;
  readonly name: string;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

const SERVER = 2;
const CLIENT = 3;
const UNSET = 0;
const ERROR = 2;

/** @param endedAt of the exchange, in milliseconds since the epoch. */
export function spansOf(record: Readonly<ExchangeRecord>, trace: ExchangeTrace, endedAt: number): OtlpSpan[] {
  const clock = (instant: number) => nanoseconds(endedAt - (record.endedAt - instant));
  const attempts = record.detail?.attempts ?? [];
  const tries = attempts.map((attempt, at) => attemptSpan(attempt, at, record, trace, clock));
  return [serverSpan(record, trace, clock), ...tries.filter((span) => span !== null)];
}

type Clock = (instant: number) => string;

function serverSpan(record: Readonly<ExchangeRecord>, trace: ExchangeTrace, clock: Clock): OtlpSpan {
  const { method, target, route, status, startedAt, endedAt, errorCode, client, protocol, headAt } = record;
  const named = knownMethod(method);
  const failed = status >= 500 || (status === 0 && errorCode !== null);
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(trace.parentId !== null && { parentSpanId: trace.parentId }),
    name: route === null ? named : `${named} ${route}`,
    kind: SERVER,
    startTimeUnixNano: clock(startedAt),
    endTimeUnixNano: clock(endedAt),
    attributes: attributes({
      'http.request.method': named,
      // Without the query, which may hold secrets.
      'url.path': target.replace(/[?#].*/s, '').slice(0, TEXT_MAX),
      'http.route': route,
      'http.response.status_code': status,
      'client.address': client,
      'network.protocol.version': protocol.replace('HTTP/', ''),
      'error.type': errorCode ?? (failed ? String(status) : null),
      'portway.request_id': record.requestId,
      'portway.lane': record.lane,
      'portway.policy': record.policy,
      'portway.cache': record.cache,
    }),
    events: headAt === null ? [] : [{ timeUnixNano: clock(headAt), name: 'answer head' }],
    status: { code: failed ? ERROR : UNSET },
  };
}

/** @returns `null` if the attempt was never sent */
function attemptSpan(
  attempt: AttemptDetail,
  at: number,
  record: Readonly<ExchangeRecord>,
  trace: ExchangeTrace,
  clock: Clock,
): OtlpSpan | null {
  const { endpoint, spanId, startedAt, sentAt, headAt, failedAt, status, error } = attempt;
  if (spanId === null) return null;
  const method = knownMethod(record.method);
  return {
    traceId: trace.traceId,
    spanId,
    parentSpanId: trace.spanId,
    name: method,
    kind: CLIENT,
    startTimeUnixNano: clock(startedAt),
    endTimeUnixNano: clock(failedAt ?? record.endedAt),
    attributes: attributes({
      'http.request.method': method,
      'server.address': endpoint,
      'http.response.status_code': status,
      'http.request.resend_count': at,
      'error.type': error ?? (status >= 500 ? String(status) : null),
    }),
    events: [
      ...(sentAt === null ? [] : [{ timeUnixNano: clock(sentAt), name: 'connected' }]),
      ...(headAt === null ? [] : [{ timeUnixNano: clock(headAt), name: 'answer head' }]),
    ],
    status: { code: error !== null || status >= 400 ? ERROR : UNSET },
  };
}

const TEXT_MAX = 1_000;
const KNOWN: ReadonlySet<string> = new Set(METHODS);

/** A stranger's method makes no name of its own. */
function knownMethod(method: string): string {
  return KNOWN.has(method) ? method : '_OTHER';
}

/** Unknown values, and zeros that mean unknown, are left out. */
function attributes(values: Readonly<Record<string, string | number | null>>): OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === null || value === 0) return [];
    return [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }];
  });
}

/** Of milliseconds since the epoch, which have microseconds in their fraction. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1_000)}000`;
}
