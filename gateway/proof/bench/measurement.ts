import { cpuMicroseconds, machineCpuMicroseconds } from '../testing/cpu.ts';
import { freePort } from '../testing/free-port.ts';
import { ask } from '../testing/load.ts';
import type { Installed } from '../testing/machine.ts';
import type { Process } from '../testing/processes.ts';
import { type BenchCase, CACHE_MIB, caseBody, cases, pathPrefix } from './cases.ts';
import type { LoadGenerator } from './load.ts';
import type { LoadPlan, LoadResult } from './load-plan.ts';
import type { Peer, Wiring } from './peer.ts';
import { problemOf, untilAnswers } from './readiness.ts';
import type { Figures } from './result.ts';
import type { Workspace } from './workspace.ts';

/** Shared by all measurements of a run. */
export interface Bench {
  readonly workspace: Workspace;
  readonly generator: LoadGenerator;
  readonly originPort: number;
  readonly echoPort: number;
  readonly objectsPort: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** How often a disturbed measurement is made before the least disturbed one counts. */
  readonly attempts: number;
  /** Requests a second of a paced load. */
  readonly perSecond: number;
}

export interface Measured {
  readonly figures: Figures;
  readonly problems: readonly string[];
}

/**
 * Starts the peer afresh, checks that it carries the case's answer byte for byte, warms it up, measures, checks again, and ends it.
 * @throws Error where it doesn't start or the load generator fails.
 */
export async function measure(
  bench: Bench,
  peer: Peer,
  installed: Installed,
  benchCase: BenchCase,
): Promise<Measured> {
  const port = await freePort();
  const adminPort = await freePort();
  const child = await startPeer(bench, peer, installed, benchCase, { port, adminPort });
  try {
    const url = `${benchCase.secure ? 'https' : 'http'}://127.0.0.1:${port}${pathPrefix}${benchCase.path}`;
    await untilAnswers(child, url, caseBody(benchCase), peer.field);
    if (peer.watched === undefined) return await underLoad(bench, child, url, benchCase, peer.field);
    using _ = await watch(`http://127.0.0.1:${adminPort}${peer.watched}`);
    return await underLoad(bench, child, url, benchCase, peer.field);
  } finally {
    await child.stop();
  }
}

async function startPeer(
  bench: Bench,
  peer: Peer,
  installed: Installed,
  { load, cached = false, secure = false }: BenchCase,
  ports: Pick<Wiring, 'port' | 'adminPort'>,
) {
  const { workspace } = bench;
  const tunnel = load === 'tunnel';
  const folder = workspace.makeFolder(`peer-${ports.port}`, {});
  const {
    command,
    env = {},
    files = {},
  } = peer.launch(installed, {
    folder,
    ...ports,
    originPort: originFor(bench, load),
    pathPrefix,
    tunnel,
    cached,
    certificate: secure ? workspace.certificate : null,
  });
  workspace.makeFolder(`peer-${ports.port}`, files);
  return workspace.processes.start(command, { cpu: workspace.proxyCpu, env, quiet: true });
}

function originFor({ originPort, echoPort, objectsPort }: Bench, load: BenchCase['load']): number {
  if (load === 'tunnel') return echoPort;
  return load === 'zipf' ? objectsPort : originPort;
}

/** Reads a stream until it is disposed of. @throws where it is none */
async function watch(url: string): Promise<Disposable> {
  const leave = new AbortController();
  const { ok, status, body } = await fetch(url, { signal: leave.signal });
  if (!ok) throw new Error(`${url} answered ${status}`);
  void body?.pipeTo(new WritableStream()).catch(() => {});
  return { [Symbol.dispose]: () => leave.abort() };
}

/** Repeated where other processes used the CPU meanwhile, because a proxy costs more then; the least disturbed measurement counts. */
async function underLoad(
  bench: Bench,
  child: Process,
  url: string,
  benchCase: BenchCase,
  field: string | undefined,
): Promise<Measured> {
  const plan = (seconds: number) => ({ ...planOf(bench, url, benchCase, seconds), field });
  await bench.generator.run(plan(bench.warmUpSeconds));
  if (benchCase.load === 'zipf') await fill(bench, plan(bench.warmUpSeconds));
  let best = await measureOnce(bench, child, plan(bench.seconds), benchCase);
  for (let attempt = 1; attempt < bench.attempts && isDisturbed(best); attempt += 1) {
    const next = await measureOnce(bench, child, plan(bench.seconds), benchCase);
    if (next.problems.length > 0 || next.figures.disturbance < best.figures.disturbance) best = next;
  }
  const afterwards = await problemOf(url, caseBody(benchCase), field);
  return afterwards === null ? best : { ...best, problems: [...best.problems, `afterwards ${afterwards}`] };
}

/** Until the cache has been replaced twice, or a minute has passed. */
async function fill(bench: Bench, plan: LoadPlan): Promise<void> {
  const end = performance.now() + 60_000;
  const until = (await askedFor(bench)) + 2 * ((CACHE_MIB * 1024 * 1024) / OBJECT_BYTES);
  while (performance.now() < end && (await askedFor(bench)) < until) await bench.generator.run(plan);
}

/** How often the origin of many objects was asked for one. */
async function askedFor({ objectsPort }: Bench): Promise<number> {
  return Number((await ask(objectsPort, '/count', { withinMs: 5_000 })).text);
}

/** Share of one core. */
export const disturbanceMax = 0.1;

const OBJECT_BYTES = cases.find(({ load }) => load === 'zipf')!.bodyBytes;

function isDisturbed({ figures, problems }: Measured): boolean {
  return problems.length === 0 && figures.disturbance > disturbanceMax;
}

async function measureOnce(
  bench: Bench,
  child: Process,
  plan: LoadPlan,
  benchCase: BenchCase,
): Promise<Measured> {
  const counts = benchCase.load === 'zipf';
  const askedBefore = counts ? await askedFor(bench) : 0;
  const before = readClocks(child);
  const load = await bench.generator.run(plan);
  const figures = figuresOf(before, readClocks(child), load);
  const problems = problemsOf(load, benchCase);
  if (!counts) return { figures, problems };
  const hitShare = 1 - ((await askedFor(bench)) - askedBefore) / load.requests;
  return { figures: { ...figures, hitShare }, problems };
}

function planOf({ perSecond }: Bench, url: string, benchCase: BenchCase, seconds: number): LoadPlan {
  const { connections, requestBytes, load } = benchCase;
  return { url, connections, seconds, requestBytes, load, perSecond };
}

/** All in microseconds. */
interface Clocks {
  readonly proxy: number;
  /** The benchmark and all its processes, the load generators that have ended included. */
  readonly bench: number;
  readonly machine: number;
  readonly wall: number;
}

function readClocks(child: Process): Clocks {
  return {
    proxy: cpuMicroseconds(child.pid),
    bench: cpuMicroseconds(process.pid),
    machine: machineCpuMicroseconds(),
    wall: performance.now() * 1000,
  };
}

function figuresOf(before: Clocks, after: Clocks, load: LoadResult): Figures {
  const spent = (clock: keyof Clocks) => after[clock] - before[clock];
  return {
    cpuMicrosecondsPerRequest: spent('proxy') / load.requests,
    requestsPerSecond: load.requests / load.seconds,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    coreShare: spent('proxy') / spent('wall'),
    disturbance: Math.max(0, spent('machine') - spent('bench')) / spent('wall'),
  };
}

/** wrk says received bytes with three digits only. */
const byteTolerance = 0.99;

function problemsOf(load: LoadResult, benchCase: BenchCase): string[] {
  if (load.requests === 0) return ['not one answer', ...load.problems];
  const complete = load.bytes >= load.requests * benchCase.bodyBytes * byteTolerance;
  return complete ? [...load.problems] : [...load.problems, 'answers shorter than they should be'];
}
