import type { Random } from '../testing/random.ts';
import { validAnswer, validRequests } from './corpus.ts';
import { cut, mutate } from './mutation.ts';

/** What is tried on the gateway: hostile bytes of a client, or of a service that was asked something plain. Texts are latin-1. */
export type FuzzCase = ClientCase | ServiceCase;

export interface ClientCase {
  readonly from: 'client';
  readonly parts: readonly string[];
}

export interface ServiceCase {
  readonly from: 'service';
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly parts: readonly string[];
  /** What the service does with the connection behind its answer. */
  readonly ends: 'fin' | 'reset' | null;
}

export function makeCase(random: Random): FuzzCase {
  if (random.oneIn(3)) return makeServiceCase(random);
  return { from: 'client', parts: cut(mutate(validRequests(random), random), random) };
}

function makeServiceCase(random: Random): ServiceCase {
  const parts = cut(mutate(validAnswer(random), random), random);
  const ends = random.pick([null, null, 'fin', 'fin', 'reset'] as const);
  return { from: 'service', method: random.pick(['GET', 'GET', 'GET', 'HEAD', 'POST']), parts, ends };
}

/** The same case with other bytes, in one piece. */
export function withBytes<C extends FuzzCase>(one: C, text: string): C {
  return { ...one, parts: [text] };
}
