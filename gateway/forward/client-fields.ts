import type { Fields } from '../exchange/contract.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { Attempts } from './attempts.ts';
import type { HttpPlan } from './http-plan.ts';
import { withoutLength } from './informational.ts';
import { withServerTiming } from './server-timing.ts';
import { withStickyCookie } from './sticky-cookie.ts';

/** What the status says of fields that are otherwise passed on, or kept to the connection. */
function ofStatus(status: number, fields: Fields, kept: Fields): Fields {
  // RFC 9110 §8.6
  if (status === 204) return withoutLength(kept);
  // RFC 9110 §15.5.22: which protocol is wanted is the very point of it.
  return status === 426 ? [...kept, ...named(fields, 'upgrade')] : kept;
}

function named(fields: Fields, lower: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.toLowerCase() === lower) out.push(fields[i]!, fields[i + 1]!);
  return out;
}

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
  const kept = ofStatus(status, fields, plan.answerFields(endpoint, fields, trailersCanFollow));
  const told = withStickyCookie(kept, plan, endpoint);
  if (!plan.serverTiming) return told;
  return withServerTiming(told, {
    arrivedAt: record.startedAt,
    chosenAt: attempts.begunAt,
    sentAt: attempts.sentAt,
    answeredAt: record.headAt!,
  });
}
