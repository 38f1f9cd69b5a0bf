import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPackage, findProgram, type Installed } from '../testing/machine.ts';
import { type OwnLoad, runOwnLoad } from '../testing/own-load.ts';
import { OBJECTS } from './cases.ts';
import { h2loadCommand, h2loadLog, readH2load } from './h2load.ts';
import type { LoadPlan, LoadResult } from './load-plan.ts';
import type { Workspace } from './workspace.ts';
import { parseWrk } from './wrk.ts';

/** Puts a proxy under load, from a process of its own. */
export interface LoadGenerator {
  readonly about: string;
  /** The missing program, and how to install it; `null`: none. */
  readonly missing: string | null;
  /** @throws Error where it can't run at all. */
  run(plan: LoadPlan): Promise<LoadResult>;
}

/** Closed loops use wrk, which leaves most of its CPU to the origin beside it, or autocannon where wrk is missing; our own load does the rest. */
export function findLoadGenerator(workspace: Workspace): LoadGenerator {
  const wrk = findProgram('wrk', ['-v'], /^wrk (\S+)/);
  const cannon = findPackage('autocannon');
  const h2load = findProgram('h2load', ['--version'], /nghttp2\/(\S+)/);
  if (wrk === null && cannon === null) throw new Error('autocannon is missing: run `npm ci`');
  const others = `HTTP/2 and paced loads: h2load ${h2load?.version ?? 'is missing'}; tunnels and handshakes: our own, because none of them can do them`;
  const closed = (plan: LoadPlan) =>
    wrk === null ? runAutocannon(workspace, cannon!.path, plan) : runWrk(workspace, wrk.path, plan);
  return {
    about: `${wrk === null ? `autocannon ${cannon!.version}` : `wrk ${wrk.version}, one thread`} (${others})`,
    missing:
      wrk === null
        ? 'wrk is not installed (Debian: apt-get install wrk): autocannon takes its place, and needs more of the CPU that it shares with the origin'
        : null,
    run(plan) {
      if (plan.load === 'closed' || plan.load === 'zipf') return closed(plan);
      if (plan.load === 'h2' || plan.load === 'paced') return runH2load(workspace, h2load, plan);
      return plan.load === 'handshake' || plan.load === 'resumed'
        ? runHandshakes(workspace, plan)
        : runTunnel(workspace, plan);
    },
  };
}

async function runWrk(workspace: Workspace, program: string, plan: LoadPlan): Promise<LoadResult> {
  const size = ['-t1', `-c${plan.connections}`, `-d${plan.seconds}s`, '--timeout', '10s', '--latency'];
  const script = scriptOf(workspace, plan);
  return parseWrk(await outputOf(workspace, [program, ...size, ...fieldOf(plan), ...script, plan.url]));
}

/** Both generators call it the same. */
function fieldOf({ field }: LoadPlan): string[] {
  return field === undefined ? [] : ['-H', field];
}

/** For whatever is not the same GET again and again. */
function scriptOf(workspace: Workspace, { load, url, requestBytes }: LoadPlan): string[] {
  if (load === 'zipf') return ['-s', zipfScript(workspace, new URL(url).pathname)];
  return requestBytes > 0 ? ['-s', postScript(workspace, requestBytes)] : [];
}

function zipfScript(workspace: Workspace, path: string): string {
  const text = `local sums, sum = {}, 0
for i = 1, ${OBJECTS} do
  sum = sum + 1 / i
  sums[i] = sum
end
math.randomseed(os.time())
request = function()
  local wanted, low, high = math.random() * sum, 1, ${OBJECTS}
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sums[middle] < wanted then low = middle + 1 else high = middle end
  end
  return wrk.format("GET", "${path}" .. low)
end
`;
  return join(workspace.makeFolder('wrk', { 'zipf.lua': text }), 'zipf.lua');
}

/** wrk takes a request other than GET from a script. */
function postScript(workspace: Workspace, bytes: number): string {
  const name = `post-${bytes}.lua`;
  const text = `wrk.method = "POST"\nwrk.body = string.rep("x", ${bytes})\n`;
  return join(workspace.makeFolder('wrk', { [name]: text }), name);
}

async function runAutocannon(workspace: Workspace, manifest: string, plan: LoadPlan): Promise<LoadResult> {
  if (plan.load === 'zipf') throw new Error('only wrk asks for many objects');
  const program = join(manifest, '../autocannon.js');
  const size = ['--json', '--no-progress', '-c', String(plan.connections), '-d', String(plan.seconds)];
  const post = plan.requestBytes > 0 ? ['-m', 'POST', '-b', 'x'.repeat(plan.requestBytes)] : [];
  return parseAutocannon(
    await outputOf(workspace, [process.execPath, program, ...size, ...fieldOf(plan), ...post, plan.url]),
  );
}

/** Parses the output of `autocannon --json`. */
export function parseAutocannon(output: string): LoadResult {
  const { requests, throughput, latency, duration, ...rest } = JSON.parse(output);
  const problems = (['non2xx', 'errors', 'timeouts', 'mismatches'] as const)
    .filter((kind) => rest[kind] > 0)
    .map((kind) => `${kind} ${rest[kind]}`);
  return {
    requests: requests.total,
    seconds: duration,
    bytes: throughput.total,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    problems,
  };
}

async function outputOf(workspace: Workspace, command: [string, ...string[]]): Promise<string> {
  const generator = await workspace.processes.start(command, { cpu: workspace.loadCpu });
  const { code } = await generator.ended;
  if (code !== 0) throw new Error(`the load generator failed (${generator.end}): ${generator.complaint()}`);
  return generator.stdout;
}

/** @throws Error where it is not installed. */
async function runH2load(
  workspace: Workspace,
  h2load: Installed | null,
  plan: LoadPlan,
): Promise<LoadResult> {
  if (h2load === null)
    throw new Error(
      'h2load is not installed (Debian: apt-get install nghttp2-client), and nothing takes its place',
    );
  const logFile = h2loadLog(workspace);
  return readH2load(await outputOf(workspace, h2loadCommand(h2load.path, plan, logFile)), logFile);
}

async function runHandshakes(workspace: Workspace, plan: LoadPlan): Promise<LoadResult> {
  const { url, connections, seconds, load } = plan;
  const program = fileURLToPath(new URL('handshakes-program.ts', import.meta.url));
  const kind = load === 'resumed' ? load : 'full';
  const command = [process.execPath, program, url, String(connections), String(seconds), kind] as const;
  return JSON.parse(await outputOf(workspace, [...command]));
}

async function runTunnel(workspace: Workspace, plan: LoadPlan): Promise<LoadResult> {
  const { url, connections, seconds: length, requestBytes: messageBytes } = plan;
  const own: OwnLoad = { url, connections, seconds: length, messageBytes, perSecond: null };
  const { answers, bytes, seconds, failures } = await runOwnLoad(workspace.processes, own, workspace.loadCpu);
  const { count = 0, p50Ms = Number.NaN, p99Ms = Number.NaN } = answers[200] ?? {};
  const problems = Object.entries(failures).map(([what, times]) => `${times} × ${what}`);
  return { requests: count, seconds, bytes, p50Ms, p99Ms, problems };
}
