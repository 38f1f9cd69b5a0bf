import { join } from 'node:path';
import type { Installed } from '../testing/machine.ts';
import type { LoadGenerator, LoadPlan, LoadResult } from './load.ts';
import type { Workspace } from './workspace.ts';

/** @param others runs what wrk can't: a load at a given rate, and tunnels. */
export function wrkGenerator(workspace: Workspace, wrk: Installed, others: LoadGenerator): LoadGenerator {
  return {
    about: `wrk ${wrk.version}, one thread (paced loads and tunnels: ${others.about})`,
    run: (plan) => (plan.load === 'closed' ? runWrk(workspace, wrk.path, plan) : others.run(plan)),
  };
}

async function runWrk(workspace: Workspace, program: string, plan: LoadPlan): Promise<LoadResult> {
  const size = ['-t1', `-c${plan.connections}`, `-d${plan.seconds}s`, '--timeout', '10s', '--latency'];
  const script = plan.requestBytes > 0 ? ['-s', postScript(workspace, plan.requestBytes)] : [];
  const child = await workspace.children.start([program, ...size, ...script, plan.url], {
    cpu: workspace.loadCpu,
    capture: true,
  });
  const ended = await child.ended;
  if (ended !== 'code 0') throw new Error(`wrk failed (${ended}): ${child.complaint()}`);
  return parseWrk(child.stdout());
}

/** wrk takes a request other than GET from a script. */
function postScript(workspace: Workspace, bytes: number): string {
  const name = `post-${bytes}.lua`;
  const text = `wrk.method = "POST"\nwrk.body = string.rep("x", ${bytes})\n`;
  return join(workspace.makeFolder('wrk', { [name]: text }), name);
}

/**
 * Reads what `wrk --latency` prints.
 * @throws Error where a figure is missing.
 */
export function parseWrk(output: string): LoadResult {
  const [, requests, duration, bytes] = capture(output, /^\s*(\d+) requests in (\S+), (\S+) read/m);
  return {
    requests: Number(requests),
    seconds: milliseconds(duration!) / 1000,
    bytes: parseBytes(bytes!),
    p50Ms: milliseconds(capture(output, /^\s*50%\s+(\S+)/m)[1]!),
    p99Ms: milliseconds(capture(output, /^\s*99%\s+(\S+)/m)[1]!),
    problems: problemsIn(output),
  };
}

// wrk prints these two lines only where there is something to say. A status of 400 or more counts as an error of the first kind.
function problemsIn(output: string): string[] {
  const statuses = /^\s*Non-2xx or 3xx responses: (\d+)/m.exec(output)?.[1];
  const sockets = /^\s*Socket errors: (.+)/m.exec(output)?.[1];
  return [
    ...(statuses === undefined ? [] : [`${statuses} answers of status 400 or above`]),
    ...(sockets === undefined ? [] : [`socket errors: ${sockets.trim()}`]),
  ];
}

const millisecondsPer: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function milliseconds(text: string): number {
  const [, amount, unit] = capture(text, /^([\d.]+)(us|ms|s|m|h)$/);
  return Number(amount) * millisecondsPer[unit!]!;
}

function parseBytes(text: string): number {
  const [, amount, unit] = capture(text, /^([\d.]+)([KMGT]?)B$/);
  return Number(amount) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf(unit!);
}

function capture(text: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`wrk printed nothing that matches ${pattern}: ${JSON.stringify(text)}`);
  return found;
}
