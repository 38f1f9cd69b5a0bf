/** Judges a file in a thread of its own: the loop of the gateway goes on meanwhile, and gets what came out in slices. */

import { extname } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { Pace } from '../exchange/time-slice.ts';
import type { GatewayConfig, RouteConfig } from '../model/config.ts';
import type { Environment } from './expand.ts';
import type { Rejection, Verdict } from './judge.ts';

/** What the thread is given. */
export interface Question {
  readonly text: string;
  readonly file: string;
  readonly env: Environment;
  /** For the routes, some at a time: to take all of them at once would block the loop. */
  readonly routes: MessagePort;
}

/** What it says when it is done; the routes are at their port by then. */
export type Answer = Rejection | { readonly ok: true; readonly config: Omit<GatewayConfig, 'routes'> };

/** As `judge` does it. Rejects where there is no thread, or no memory for one, to be had. */
export async function judgeInThread(text: string, file: string, env: Environment): Promise<Verdict> {
  const { port1: routes, port2 } = new MessageChannel();
  try {
    const answer = await ask({ text, file, env: { ...env }, routes: port2 });
    if (!answer.ok) return answer;
    return { ok: true, config: { ...answer.config, routes: await received(routes) } };
  } finally {
    routes.close();
  }
}

/** Rejects where the thread ends without an answer. */
function ask(question: Question): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const program = new URL(`./judge-program${extname(import.meta.filename)}`, import.meta.url);
  const thread = new Worker(program, {
    workerData: question,
    transferList: [question.routes],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  thread.once('message', resolve).once('error', reject);
  thread.once('exit', (code) => reject(new Error(`the thread ended with ${code}`)));
  return promise;
}

async function received(port: MessagePort): Promise<RouteConfig[]> {
  const pace = new Pace();
  const routes: RouteConfig[] = [];
  for (let slice = receiveMessageOnPort(port); slice !== undefined; slice = receiveMessageOnPort(port)) {
    for (const route of slice.message as readonly RouteConfig[]) routes.push(route);
    if (pace.due) await pace.rest();
  }
  return routes;
}

/** Nearly all that it makes is rubbish soon, and a small young generation would copy it around. */
const YOUNG_GENERATION_MB = 64;
