import type { Machine } from '../testing/machine.ts';
import { type Summary, summarize } from '../testing/statistics.ts';

/** The result of one measurement of one peer. */
export interface Figures {
  /** User and system time of the proxy's processes, divided by the answers that the clients got. */
  readonly cpuMicrosecondsPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of one core that the proxy used, 1 for all of it; less means that something else was the bottleneck. */
  readonly coreShare: number;
  /** Of a load over many objects: how much of it the origin was not asked for. */
  readonly hitShare?: number;
  /** CPU that everything outside the benchmark used meanwhile, 1 for one core. */
  readonly disturbance: number;
}

export interface Sample {
  readonly case: string;
  readonly peer: string;
  /** From 1. */
  readonly round: number;
  /** `null` where it didn't come to a measurement. */
  readonly figures: Figures | null;
  /** In words; any makes the peer's whole row invalid. */
  readonly problems: readonly string[];
}

/** One run of the benchmark: all that the document says, and the content of the `--json` file. */
export interface BenchResult {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly command: string;
  /** Of the code that was measured; `null` outside a git checkout. */
  readonly commit: string | null;
  readonly node: string;
  readonly machine: Machine;
  readonly origin: string;
  readonly generator: string;
  /** `null`: not pinned. */
  readonly pinning: { readonly proxyCpu: number; readonly loadCpu: number } | null;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly attempts: number;
  readonly cases: readonly string[];
  readonly peers: readonly { readonly name: string; readonly version: string; readonly about: string }[];
  /** Peers that would have taken part, had they been installed. */
  readonly missing: readonly string[];
  readonly samples: readonly Sample[];
}

/** A line of a case's table: all rounds of one peer. */
export interface Row {
  readonly peer: string;
  readonly problems: readonly string[];
  /** `null` in an invalid row. */
  readonly figures: RowFigures | null;
}

export interface RowFigures {
  /** CPU per request as a multiple of the yardstick's in the same round; `null` where that has no valid row. */
  readonly ratio: Summary | null;
  /** Medians of the rounds. */
  readonly medians: Figures;
}

/** The rows of one case, in the order of the peers. */
export function rowsOf(result: BenchResult, caseName: string, yardstick: string): Row[] {
  const samples = result.samples.filter((each) => each.case === caseName);
  const reference = samples.filter((each) => each.peer === yardstick);
  const taking = result.peers.filter(({ name }) => samples.some((each) => each.peer === name));
  return taking.map(({ name }) => row(name, ofPeer(samples, name), reference));
}

function ofPeer(samples: readonly Sample[], name: string): Sample[] {
  return samples.filter((each) => each.peer === name);
}

function row(peer: string, samples: readonly Sample[], reference: readonly Sample[]): Row {
  const problems = problemsOf(samples);
  const figures = samples.flatMap((each) => each.figures ?? []);
  if (problems.length > 0 || figures.length === 0) return { peer, problems, figures: null };
  return { peer, problems, figures: { ratio: ratioTo(samples, reference), medians: medians(figures) } };
}

/** Errors that repeat in several rounds appear once. */
function problemsOf(samples: readonly Sample[]): string[] {
  const said = [...new Set(samples.flatMap((each) => each.problems))];
  return said.map((problem) => {
    const rounds = samples.filter((each) => each.problems.includes(problem)).map((each) => each.round);
    return `round ${rounds.toSorted((a, b) => a - b).join(', ')}: ${problem}`;
  });
}

/** Compares within each round, so that a slow minute of the machine affects both sides. */
function ratioTo(samples: readonly Sample[], reference: readonly Sample[]): Summary | null {
  if (reference.length === 0 || reference.some((each) => each.problems.length > 0)) return null;
  const ratios = samples.flatMap((sample) => {
    const other = reference.find((each) => each.round === sample.round)?.figures;
    if (!sample.figures || !other) return [];
    return [sample.figures.cpuMicrosecondsPerRequest / other.cpuMicrosecondsPerRequest];
  });
  return ratios.length === 0 ? null : summarize(ratios);
}

function medians(figures: readonly Figures[]): Figures {
  const of = (name: keyof Figures) => summarize(figures.map((each) => each[name] ?? 0)).median;
  return {
    ...(figures[0]?.hitShare !== undefined && { hitShare: of('hitShare') }),
    cpuMicrosecondsPerRequest: of('cpuMicrosecondsPerRequest'),
    requestsPerSecond: of('requestsPerSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    coreShare: of('coreShare'),
    disturbance: of('disturbance'),
  };
}
