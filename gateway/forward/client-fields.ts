import { type Fields, RepeatedFields } from '../exchange/contract.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import { fieldsForAll } from '../fields/answer-fields.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import { framingOf, withoutLength } from './answer-framing.ts';
import type { Attempts } from './attempts.ts';
import type { HttpPlan } from './http-plan.ts';
import { withServerTiming } from './server-timing.ts';

/** The fields as the status requires them: some statuses need fields that are otherwise dropped, or forbid others. */
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
 * The fields of a service's answer for the client.
 * @param record has the answer's status, and when its head arrived
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
  const forClient = withStickyCookie(kept, plan, endpoint);
  if (!plan.serverTiming) return forClient;
  return withServerTiming(forClient, {
    arrivedAt: record.startedAt,
    chosenAt: attempts.begunAt,
    sentAt: attempts.sentAt,
    answeredAt: record.headAt!,
  });
}

/** The fields of a repeated answer that are the same for all clients; `null`: they differ. */
export function repeatedFields(status: number, fields: Fields): RepeatedFields | null {
  if (status === 204 || status === 426 || framingOf(fields).eventStream) return null;
  const forClient = fieldsForAll(fields);
  return forClient && new RepeatedFields(forClient);
}

/** The fields of a final answer, and the cookie by which the client comes back to this endpoint, where the route is sticky and the client has none. */
export function withStickyCookie(
  fields: Fields,
  plan: { readonly stickyCookie: ((endpoint: Endpoint) => string | null) | null },
  endpoint: Endpoint,
): Fields {
  if (plan.stickyCookie === null) return fields;
  const cookie = plan.stickyCookie(endpoint);
  return cookie === null ? fields : [...fields, 'Set-Cookie', cookie];
}
