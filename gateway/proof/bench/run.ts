import { currentCommit, describeMachine } from '../testing/machine.ts';
import { cases } from './cases.ts';
import { findLoadGenerator } from './load.ts';
import { disturbanceMax } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { startOrigin } from './origin.ts';
import { peers } from './peers/all.ts';
import type { BenchResult, Figures, Sample } from './result.ts';
import { type Participant, runRounds } from './rounds.ts';
import type { Workspace } from './workspace.ts';

/** Beyond this share of two cores, other processes make the proxies cost more, and not all of them equally more. */
const quietLoadAverage = 0.5;

/**
 * Measures what the options ask for.
 * @param say receives the progress, line by line.
 * @throws Error where no peer is installed, or the origin doesn't come up.
 */
export async function runBench(
  options: BenchOptions,
  command: string,
  workspace: Workspace,
  say: (line: string) => void,
): Promise<BenchResult> {
  const { participants, missing } = invite(options.peers, say);
  const chosen = cases.filter((each) => options.cases.includes(each.name));
  const machine = describeMachine();
  if (machine.loadAverage > quietLoadAverage) say(busy(machine.loadAverage));
  const startedAt = new Date().toISOString();
  const origin = await startOrigin(workspace);
  const generator = findLoadGenerator(workspace);
  if (generator.missing !== null) say(`MISSING: ${generator.missing}`);
  const { seconds, warmUpSeconds, rounds, attempts } = options;
  say(`origin: ${origin.about}; load: ${generator.about}; ${aboutPinning(workspace)}`);
  say(
    `${participants.length} peers, ${chosen.length} cases, ${rounds} rounds: ${minutes(options, participants)}`,
  );
  const { port: originPort, echoPort, objectsPort } = origin;
  const bench = {
    workspace,
    generator,
    originPort,
    echoPort,
    objectsPort,
    seconds,
    warmUpSeconds,
    attempts,
    perSecond: 0,
  };
  const samples = await runRounds(bench, participants, chosen, rounds, (sample) =>
    say(progress(sample, rounds)),
  );
  return {
    startedAt,
    command,
    commit: currentCommit(),
    node: process.versions.node,
    machine,
    origin: origin.about,
    generator: generator.about,
    pinning: pinning(workspace),
    seconds,
    warmUpSeconds,
    rounds,
    attempts,
    cases: options.cases,
    peers: participants.map(({ peer, installed }) => ({
      name: peer.name,
      version: installed.version,
      about: peer.about,
    })),
    missing,
    samples,
  };
}

/** Installed peers take part; missing ones are named, because a table without them would look complete. */
function invite(names: readonly string[], say: (line: string) => void) {
  const wanted = peers.filter((peer) => names.includes(peer.name));
  const participants = wanted.flatMap((peer): Participant[] => {
    const installed = peer.find();
    return installed === null ? [] : [{ peer, installed }];
  });
  const missing = wanted
    .map((peer) => peer.name)
    .filter((name) => !participants.some((each) => each.peer.name === name));
  for (const name of missing) say(`LEFT OUT: ${name} is not installed; install it to have it in the table`);
  if (participants.length === 0)
    throw new Error(`none of ${names.join(', ')} is installed: nothing to measure`);
  return { participants, missing };
}

function progress(sample: Sample, rounds: number): string {
  const where = `[${sample.case} ${sample.round}/${rounds}] ${sample.peer}`;
  const said = sample.figures === null ? 'not measured' : inWords(sample.figures);
  return [`${where}: ${said}`, ...sample.problems.map((problem) => `${where}: INVALID: ${problem}`)].join(
    '\n',
  );
}

function inWords(figures: Figures): string {
  const cost = `${figures.cpuMicrosecondsPerRequest.toFixed(1)} µs CPU/request`;
  const others =
    figures.disturbance > disturbanceMax
      ? `, disturbed: others used ${Math.round(figures.disturbance * 100)} % of a core`
      : '';
  const { hitShare } = figures;
  const hits = hitShare === undefined ? '' : `, ${(100 * hitShare).toFixed(1)} % hits`;
  return `${cost}, ${Math.round(figures.requestsPerSecond)} requests/s${hits}${others}`;
}

function minutes(
  { seconds, warmUpSeconds, rounds, cases: chosen }: BenchOptions,
  all: readonly Participant[],
): string {
  const total = all.length * chosen.length * rounds * (seconds + warmUpSeconds + 1);
  return `about ${Math.ceil(total / 60)} min`;
}

function busy(loadAverage: number): string {
  return `WARNING: this machine is busy with other things (load average ${loadAverage.toFixed(1)}): costs will be too high, and unequally so`;
}

function pinning({ proxyCpu, loadCpu }: Workspace): BenchResult['pinning'] {
  return proxyCpu === null || loadCpu === null ? null : { proxyCpu, loadCpu };
}

function aboutPinning(workspace: Workspace): string {
  const pins = pinning(workspace);
  return pins === null
    ? 'not pinned'
    : `proxy on CPU ${pins.proxyCpu}, load and origin on CPU ${pins.loadCpu}`;
}
