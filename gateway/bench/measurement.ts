import { type BenchCase, caseBody, pathPrefix } from './cases.ts';
import type { Child } from './children.ts';
import { cpuMicroseconds } from './cpu.ts';
import type { LoadGenerator, LoadResult } from './load.ts';
import type { Installed } from './machine.ts';
import type { Peer } from './peer.ts';
import { freePort, problemOf, untilAnswers } from './readiness.ts';
import type { Figures } from './result.ts';
import type { Workspace } from './workspace.ts';

/** What all measurements of a run share. */
export interface Bench {
  readonly workspace: Workspace;
  readonly generator: LoadGenerator;
  readonly originPort: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
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
  const child = await startPeer(bench, peer, installed, port);
  try {
    const url = `http://127.0.0.1:${port}${pathPrefix}${benchCase.path}`;
    await untilAnswers(child, url, caseBody(benchCase));
    return await underLoad(bench, child, url, benchCase);
  } finally {
    await bench.workspace.children.end(child);
  }
}

async function startPeer({ workspace, originPort }: Bench, peer: Peer, installed: Installed, port: number) {
  const folder = workspace.makeFolder(`peer-${port}`, {});
  const { command, env = {}, files = {} } = peer.launch(installed, { folder, port, originPort, pathPrefix });
  workspace.makeFolder(`peer-${port}`, files);
  return workspace.children.start(command, { cpu: workspace.proxyCpu, env });
}

async function underLoad(bench: Bench, child: Child, url: string, benchCase: BenchCase): Promise<Measured> {
  const { connections } = benchCase;
  await bench.generator.run({ url, connections, seconds: bench.warmUpSeconds });
  const before = cpuMicroseconds(child.pid);
  const load = await bench.generator.run({ url, connections, seconds: bench.seconds });
  const spent = cpuMicroseconds(child.pid) - before;
  const afterwards = await problemOf(url, caseBody(benchCase));
  return {
    figures: figuresOf(spent, load),
    problems: [...problemsOf(load, benchCase), ...(afterwards === null ? [] : [`afterwards ${afterwards}`])],
  };
}

function figuresOf(cpuSpent: number, load: LoadResult): Figures {
  return {
    cpuMicrosecondsPerRequest: cpuSpent / load.requests,
    requestsPerSecond: load.requests / load.seconds,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    coreShare: cpuSpent / (load.seconds * 1e6),
  };
}

/** wrk says received bytes with three digits only. */
const byteTolerance = 0.99;

function problemsOf(load: LoadResult, benchCase: BenchCase): string[] {
  if (load.requests === 0) return ['not one answer', ...load.problems];
  const complete = load.bytes >= load.requests * benchCase.bodyBytes * byteTolerance;
  return complete ? [...load.problems] : [...load.problems, 'answers shorter than they should be'];
}
