import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Attempts } from './attempts.ts';
import type { Fields } from './exchange.ts';
import type { HttpPlan } from './http-plan.ts';
import { withServerTiming } from './server-timing.ts';
import { withStickyCookie } from './sticky-cookie.ts';

/**
 * The fields of a service's answer as its client is told them.
 * @param record knows the answer's status, and when its head came.
 */
export function clientFields(
  fields: Fields,
  lengthKnown: boolean,
  plan: HttpPlan,
  attempts: Attempts,
  record: ExchangeRecord,
): Fields {
  const { endpoint } = attempts;
  const { status } = record;
  const trailersCanFollow = !lengthKnown && status !== 204 && status !== 304;
  const kept = plan.answerFields(endpoint, fields, trailersCanFollow);
  const told = withStickyCookie(kept, plan, endpoint);
  if (!plan.serverTiming) return told;
  return withServerTiming(told, {
    arrivedAt: record.startedAt,
    chosenAt: attempts.begunAt,
    sentAt: attempts.sentAt,
    answeredAt: record.headAt!,
  });
}
