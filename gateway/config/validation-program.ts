/** The thread of `validation-thread.ts`. */

import { parentPort, workerData } from 'node:worker_threads';
import { type Verdict, validate } from './validate.ts';
import type { Answer, Question } from './validation-thread.ts';

/** A millisecond's worth. */
const ROUTES_AT_ONCE = 100;

const { routes: port, ...source } = workerData as Question;
const verdict = await validate(source);
parentPort!.postMessage(verdict.ok ? handedOver(verdict) : verdict);

function handedOver({ config: { routes, ...config }, ...rest }: Extract<Verdict, { ok: true }>): Answer {
  for (let at = 0; at < routes.length; at += ROUTES_AT_ONCE)
    port.postMessage(routes.slice(at, at + ROUTES_AT_ONCE));
  return { ...rest, config };
}
