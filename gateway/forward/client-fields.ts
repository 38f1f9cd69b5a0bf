import { type Fields, RepeatedFields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import { toldToAll } from '../fields/answer-fields.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Attempts } from './attempts.ts';
import type { HttpPlan } from './http-plan.ts';
import { withServerTiming } from './server-timing.ts';

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

/** What all clients are told of an answer that comes again; `null`: not the same. */
export function repeatedFields(status: number, fields: Fields): RepeatedFields | null {
  if (status === 204 || status === 426 || framingOf(fields).eventStream) return null;
  const told = toldToAll(fields);
  return told && new RepeatedFields(told);
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

/** What the head of an answer says of what follows it. */
export interface AnswerFraming {
  /** It has no end of its own. */
  readonly eventStream: boolean;
  readonly lengthKnown: boolean;
}

/** @throws GatewayError `bad_answer` for a body in a coding that nobody behind us would be told of. */
export function framingOf(fields: Fields): AnswerFraming {
  let eventStream = false;
  let lengthKnown = false;
  let coded = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === 12 && name.toLowerCase() === 'content-type')
      eventStream = /^text\/event-stream\b/i.test(fields[i + 1]!);
    else if (name.length === 14 && name.toLowerCase() === 'content-length') lengthKnown = true;
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      onlyChunked(fields[i + 1]!, coded);
      coded = true;
    }
  }
  return { eventStream, lengthKnown };
}

/** RFC 9112 §6.1: the coding is between the service and us. What it does to the bytes would have to be undone here. */
function onlyChunked(coding: string, again: boolean): void {
  // Behind a tab, Node's parser takes it for another coding, whose body ends with the connection.
  if (again || !/^chunked *$/i.test(coding))
    throw new GatewayError('bad_answer', `Transfer-Encoding: ${coding}${again ? ', again' : ''}`);
}

/** A 1xx answer ends with its head, so a length that a service gives it must not go on (RFC 9110 §8.6). */
export function withoutLength(fields: Fields): Fields {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() !== 'content-length') kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}

/** 1xx answers in front of one final answer: more of them, to a client that does not read, would fill the memory. */
export const INFORMATIONAL_MAX = 64;
