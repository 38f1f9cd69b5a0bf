/** Judges a file in a thread of its own: the loop of the gateway goes on meanwhile, and gets what came out in slices. */

import { extname } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { Pace } from '../exchange/time-slice.ts';
import type { GatewayConfig, RouteConfig } from '../model/config.ts';
import type { Environment } from './expand.ts';
import { type Rejection, rejected, type Verdict } from './judge.ts';

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

export interface JudgeLimits {
  readonly memoryMb: number;
  readonly deadlineMs: number;
}

/** Ten thousand routes in the long form take a second and some hundred MiB. */
const LIMITS: JudgeLimits = { memoryMb: 1024, deadlineMs: 30_000 };

/**
 * As `judge` does it, within limits: a file that takes more is refused. So is one whose thread can't begin or ends without an answer:
 * to read it here would hold up every request, without any limit. Never throws.
 */
export async function judgeInThread(
  text: string,
  file: string,
  env: Environment,
  limits: JudgeLimits = LIMITS,
): Promise<Verdict> {
  const { port1: routes, port2 } = new MessageChannel();
  try {
    const answer = await ask({ text, file, env: { ...env }, routes: port2 }, limits);
    if (!answer.ok) return answer;
    return { ok: true, config: { ...answer.config, routes: await received(routes) } };
  } catch (cause) {
    const found = `none: the thread that reads it ended early (${cause instanceof Error ? cause.message : cause})`;
    return refusal(file, found, 'is the system short of memory or threads? Save it again to try again');
  } finally {
    routes.close();
  }
}

/** Rejects where the thread ends without an answer. */
async function ask(question: Question, { memoryMb, deadlineMs }: JudgeLimits): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const program = new URL(`./judge-program${extname(import.meta.filename)}`, import.meta.url);
  const thread = new Worker(program, {
    workerData: question,
    transferList: [question.routes],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB, maxOldGenerationSizeMb: memoryMb },
  });
  const refuse = (what: string) => resolve(refusal(question.file, what, TOO_MUCH));
  thread.once('message', resolve).once('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ERR_WORKER_OUT_OF_MEMORY') refuse(`one that takes more than ${memoryMb} MiB to read`);
    else reject(cause);
  });
  thread.once('exit', (code) => reject(new Error(`the thread ended with ${code}`)));
  const timer = setTimeout(() => {
    refuse(`one that is not read within ${deadlineMs / 1000} s`);
    void thread.terminate();
  }, deadlineMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

const TOO_MUCH = 'split it over several gateways, or write it in the short form';

function refusal(file: string, found: string, hint: string): Rejection {
  const nowhere = { line: 0, column: 0, length: 1, path: '', sourceLine: '' };
  return rejected([{ file, ...nowhere, expected: 'a configuration', found, hint }]);
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
