import type { Fields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';

/** How the body of an answer is framed, and other facts of its head. */
export interface AnswerFraming {
  /** It has no end of its own. */
  readonly eventStream: boolean;
  readonly lengthKnown: boolean;
}

/** @throws GatewayError `bad_answer` for a body in a transfer coding other than chunked */
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

/** RFC 9112 §6.1: transfer codings concern our connection to the service only, so we would have to decode them. */
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
