import { findProgram } from '../testing/machine.ts';
import type { BenchCase } from './cases.ts';
import { nodeGenerator } from './node-generator.ts';
import type { Workspace } from './workspace.ts';
import { wrkGenerator } from './wrk.ts';

export interface LoadPlan {
  readonly url: string;
  readonly connections: number;
  /** Whole seconds. */
  readonly seconds: number;
  /** Bytes of a request's body, 0 for GET; of a message through a tunnel. */
  readonly requestBytes: number;
  readonly load: BenchCase['load'];
  /** Requests a second, where the load is paced. */
  readonly perSecond: number;
}

/** What the clients saw. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Bytes received, heads included. */
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** In words, what went wrong; empty where every answer was 2xx (or 3xx, which wrk doesn't tell apart) and no socket failed. */
  readonly problems: readonly string[];
}

/** Puts a proxy under load, from a process of its own. */
export interface LoadGenerator {
  readonly about: string;
  /** @throws Error where it can't run at all. */
  run(plan: LoadPlan): Promise<LoadResult>;
}

/** wrk where it is installed, for what it can do: it leaves most of its CPU to the origin beside it. Else our own. */
export function findLoadGenerator(workspace: Workspace): LoadGenerator {
  const wrk = findProgram('wrk', ['-v'], /^wrk (\S+)/);
  const own = nodeGenerator(workspace);
  return wrk === null ? own : wrkGenerator(workspace, wrk, own);
}
