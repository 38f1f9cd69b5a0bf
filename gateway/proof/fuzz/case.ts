import fc from 'fast-check';
import { validAnswer, validRequests } from './corpus.ts';
import { mutated } from './mutation.ts';

/** Hostile bytes of a client, or of a service that answers a plain request. Texts are latin-1. */
export type FuzzCase = ClientCase | ServiceCase;

export interface ClientCase {
  readonly from: 'client';
  readonly parts: readonly string[];
}

export interface ServiceCase {
  readonly from: 'service';
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly parts: readonly string[];
  /** How the service treats the connection behind its answer. */
  readonly ends: 'fin' | 'reset' | null;
}

const clientCase = fc.record<ClientCase>({ from: fc.constant('client'), parts: mutated(validRequests) });

const serviceCase = fc.record<ServiceCase>({
  from: fc.constant('service'),
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
  parts: mutated(validAnswer),
  ends: fc.constantFrom(null, null, 'fin', 'fin', 'reset'),
});

export const fuzzCase: fc.Arbitrary<FuzzCase> = fc.oneof(
  { arbitrary: clientCase, weight: 2 },
  { arbitrary: serviceCase, weight: 1 },
);

/** The same case with other bytes, in one piece. */
export function withBytes<C extends FuzzCase>(one: C, text: string): C {
  return { ...one, parts: [text] };
}
