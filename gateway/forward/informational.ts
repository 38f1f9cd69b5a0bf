import type { Fields } from '../exchange/contract.ts';

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
