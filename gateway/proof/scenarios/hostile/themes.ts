import { absoluteForms } from './absolute-forms.ts';
import { answerBodies } from './answer-bodies.ts';
import type { HostileAnswer } from './answer-case.ts';
import { answerHeads } from './answer-heads.ts';
import type { HostileRequest } from './case.ts';
import { chunking } from './chunking.ts';
import { forwardingFields } from './forwarding-fields.ts';
import { framing } from './framing.ts';
import { headers } from './headers.ts';
import { paths } from './paths.ts';
import { pipelining } from './pipelining.ts';
import { requestLines } from './request-lines.ts';
import { upgrades } from './upgrades.ts';

/** The whole table but for what is slow. */
export const requestThemes: readonly [string, readonly HostileRequest[]][] = [
  ['paths', paths],
  ['request lines', requestLines],
  ['absolute forms', absoluteForms],
  ['headers', headers],
  ['forwarding fields', forwardingFields],
  ['framing', framing],
  ['chunking', chunking],
  ['pipelining', pipelining],
  ['upgrades', upgrades],
];

export const answerThemes: readonly [string, readonly HostileAnswer[]][] = [
  ['heads', answerHeads],
  ['bodies', answerBodies],
];
