import type { Fields } from '../exchange/contract.ts';

/** The phases until the head of an answer (https://www.w3.org/TR/server-timing/). Instants are `performance.now()`. */
export interface Timing {
  readonly arrivedAt: number;
  /** When the endpoint was chosen that answered: policies, and other endpoints that failed, come before. */
  readonly chosenAt: number;
  /** When the request was being written to a connection: waiting for one, or opening it, comes before. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** The field beside those that the service may have sent of the same name: all of them are one list (RFC 9110 §5.3). */
export function withServerTiming(
  fields: Fields,
  { arrivedAt, chosenAt, sentAt, answeredAt }: Timing,
): Fields {
  const parts = [
    metric('gateway', chosenAt - arrivedAt),
    metric('connect', sentAt - chosenAt),
    metric('upstream', answeredAt - sentAt),
  ];
  return [...fields, FIELD, parts.join(', ')];
}

/** `Server-Timing` of an answer from the cache, whose result is in `Cache-Status`. */
export function withCacheTiming(fields: Fields, arrivedAt: number): Fields {
  return [...fields, FIELD, metric('cache', performance.now() - arrivedAt)];
}

const FIELD = 'Server-Timing';

function metric(name: string, ms: number): string {
  return `${name};dur=${Math.round(Math.max(0, ms) * 100) / 100}`;
}
