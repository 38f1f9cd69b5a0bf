/** Validates a file in a thread of its own: meanwhile the gateway's loop goes on, and it receives the result in slices. */

import { extname } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { TimeSlice } from '../exchange/time-slice.ts';
import type { GatewayConfig, RouteConfig } from '../model/config.ts';
import type { Problem } from './problem.ts';
import { askThread, ThreadFailure, type ThreadLimits } from './thread.ts';
import { type ConfigText, type Rejection, rejected, type Verdict } from './validate.ts';

/** The input of the thread. */
export interface Question extends ConfigText {
  /** For the routes, some at a time: to take all of them at once would block the loop. */
  readonly routes: MessagePort;
}

/** The result of the thread; the routes have been sent by then. */
export type Answer =
  | Rejection
  | {
      readonly ok: true;
      readonly config: Omit<GatewayConfig, 'routes'>;
      readonly unserved: readonly Problem[];
      readonly attached?: ReadonlyMap<string, number>;
    };

/** Ten thousand routes in the long form take a second and some hundred MiB; a hundred thousand in 3.7 MB six seconds of CPU, which a busy machine gives late. */
function limitsOf({ text }: ConfigText): ThreadLimits {
  return { memoryMb: 1024, deadlineMs: 30_000 + 1_000 * Math.floor(text.length / CHARS_A_SECOND) };
}

const CHARS_A_SECOND = 50_000;

/**
 * Like `validate`, within limits: a file that exceeds them is refused. So is a file whose thread can't start or ends without an answer:
 * reading it here would delay every request, without any limit. Never throws.
 */
export async function validateInThread(source: ConfigText, limits = limitsOf(source)): Promise<Verdict> {
  const { port1: routes, port2 } = new MessageChannel();
  const question: Question = { ...source, env: { ...source.env }, routes: port2 };
  const program = new URL(`./validation-program${extname(import.meta.filename)}`, import.meta.url);
  try {
    const answer = await askThread<Answer>(program, question, limits, { transferList: [port2] });
    if (!answer.ok) return answer;
    return { ...answer, config: { ...answer.config, routes: await received(routes) } };
  } catch (cause) {
    return refusalFor(cause, source.file, limits);
  } finally {
    routes.close();
  }
}

function refusalFor(cause: unknown, file: string, { memoryMb, deadlineMs }: ThreadLimits): Rejection {
  const reason = cause instanceof ThreadFailure ? cause.reason : 'failed';
  if (reason === 'memory') return refusal(file, `one that takes more than ${memoryMb} MiB to read`, TOO_MUCH);
  if (reason === 'late') return refusal(file, `one that is not read within ${deadlineMs / 1000} s`, TOO_MUCH);
  const found = `none: the thread that reads it ended early (${cause instanceof Error ? cause.message : cause})`;
  return refusal(file, found, 'is the system short of memory or threads? Save it again to try again');
}

const TOO_MUCH = 'split it over several gateways, or write it in the short form';

/** Of the file as a whole. */
export function refusal(file: string, found: string, hint: string): Rejection {
  const nowhere = { line: 0, column: 0, length: 1, path: '', sourceLine: '' };
  return rejected([{ file, ...nowhere, expected: 'a configuration', found, hint }]);
}

async function received(port: MessagePort): Promise<RouteConfig[]> {
  const slice = new TimeSlice();
  const routes: RouteConfig[] = [];
  for (let some = receiveMessageOnPort(port); some !== undefined; some = receiveMessageOnPort(port)) {
    for (const route of some.message as readonly RouteConfig[]) routes.push(route);
    if (slice.isOver) await slice.next();
  }
  return routes;
}
