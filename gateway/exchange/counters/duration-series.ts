import type { Lane } from '../contract.ts';
import { CATALOG, type ErrorCode } from '../error-catalog.ts';
import { STATUS_CODES } from '../node-http.ts';
import { CLIENT_LEFT_STATUS } from '../record.ts';

/** In seconds, as OpenTelemetry recommends for HTTP; the last bucket is for all that took longer. */
export const BOUNDS_S: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Where the sum stands, behind the buckets. */
export const SUM_AT = BOUNDS_S.length + 1;

/** Histograms of durations by series key: a row of numbers for each that has come, so that to count is to add to three of them. */
export class DurationSeries {
  /** `null`: none has come, as on most of ten thousand routes. */
  #rows: Map<number, Float64Array> | null = null;

  record(key: number, ms: number): void {
    const row = this.#rows?.get(key) ?? this.#begin(key);
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < BUCKETS && seconds > BOUNDS[bucket]!) bucket++;
    row[bucket]!++;
    row[SUM_AT]! += seconds;
  }

  #begin(key: number): Float64Array {
    const row = new Float64Array(SUM_AT + 1);
    this.#rows ??= new Map();
    this.#rows.set(key, row);
    return row;
  }

  get size(): number {
    return this.#rows?.size ?? 0;
  }

  /** For each series the count of each bucket (not cumulative), then the sum in seconds. */
  rows(): Iterable<[key: number, row: Readonly<Float64Array>]> {
    return this.#rows ?? [];
  }
}

const BUCKETS = BOUNDS_S.length;
const BOUNDS: Readonly<Float64Array> = Float64Array.from(BOUNDS_S);

/**
 * The key of one series of durations: method, status, error and lane, each from a closed list, packed into a number. It is computed for
 * each exchange: only a small integer is hashed, and remote input can't make the number of series grow.
 *
 * @param status 0: there was none
 */
export function seriesKey(method: string, status: number, error: ErrorCode | null, lane: Lane): number {
  const about = methodIndex(method) * STATUSES + countedStatus(status);
  const code = error === null ? 0 : (ERROR_INDEX.get(error) ?? 0);
  return (about * ERRORS + code) * 2 + (lane === 'wire' ? 1 : 0);
}

/** The labels of a metric for one key. */
export interface KeyLabels {
  readonly http_request_method: string;
  readonly http_response_status_code?: string;
  readonly error_type?: string;
  readonly lane: Lane;
}

export function labelsOfKey(key: number): KeyLabels {
  const lane = key % 2 === 1 ? 'wire' : 'general';
  const code = Math.floor(key / 2) % ERRORS;
  const about = Math.floor(key / 2 / ERRORS);
  const status = about % STATUSES;
  return {
    http_request_method: METHODS[Math.floor(about / STATUSES)]!,
    ...(status > 0 && { http_response_status_code: String(status) }),
    ...(code > 0 && { error_type: ERROR_CODES[code - 1]! }),
    lane,
  };
}

/** RFC 9110 §9.3 and PATCH, as OpenTelemetry has it, and QUERY. Those that come often are asked for first. */
function methodIndex(method: string): number {
  switch (method) {
    case 'GET':
      return 1;
    case 'POST':
      return 2;
    case 'HEAD':
      return 3;
    case 'PUT':
      return 4;
    case 'DELETE':
      return 5;
    case 'OPTIONS':
      return 6;
    case 'PATCH':
      return 7;
    case 'QUERY':
      return 8;
    case 'CONNECT':
      return 9;
    case 'TRACE':
      return 10;
    default:
      return 0;
  }
}

const METHODS: readonly string[] = [
  '_OTHER',
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'QUERY',
  'CONNECT',
  'TRACE',
];

/** RFC 9110 §15: an unknown status counts as the x00 of its class, an invalid one as 500. */
function countedStatus(status: number): number {
  return status < STATUSES ? COUNTED[status]! : 500;
}

const STATUSES = 600;

const KNOWN_STATUSES: ReadonlySet<number> = new Set([
  CLIENT_LEFT_STATUS,
  ...Object.keys(STATUS_CODES).map(Number),
]);

const COUNTED: Readonly<Uint16Array> = Uint16Array.from({ length: STATUSES }, (_, status) =>
  KNOWN_STATUSES.has(status) ? status : Math.floor(status / 100) * 100,
);

const ERROR_CODES = Object.keys(CATALOG) as readonly ErrorCode[];
const ERRORS = ERROR_CODES.length + 1;
const ERROR_INDEX: ReadonlyMap<ErrorCode, number> = new Map(ERROR_CODES.map((code, at) => [code, at + 1]));
