/** The thread of `validation-thread.ts`. */

import { parentPort, workerData } from 'node:worker_threads';
import type { GatewayConfig } from '../model/config.ts';
import type { Problem } from './problem.ts';
import { validate } from './validate.ts';
import type { Answer, Question } from './validation-thread.ts';

/** A millisecond's worth. */
const ROUTES_AT_ONCE = 100;

const { routes: port, ...source } = workerData as Question;
const verdict = await validate(source);
parentPort!.postMessage(verdict.ok ? handedOver(verdict.config, verdict.unserved) : verdict);

function handedOver({ routes, ...config }: GatewayConfig, unserved: readonly Problem[]): Answer {
  for (let at = 0; at < routes.length; at += ROUTES_AT_ONCE)
    port.postMessage(routes.slice(at, at + ROUTES_AT_ONCE));
  return { ok: true, config, unserved };
}
