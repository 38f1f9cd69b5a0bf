import type { Installed } from '../testing/machine.ts';
import { summarize } from '../testing/statistics.ts';
import { type BenchCase, cases } from './cases.ts';
import { type Bench, measure } from './measurement.ts';
import type { Peer } from './peer.ts';
import type { Sample } from './result.ts';

export interface Participant {
  readonly peer: Peer;
  readonly installed: Installed;
}

/**
 * Every case in so many rounds, and in each round every peer once: A B C, then B C A, ... so that what happens to the machine in the
 * meantime happens to all of them.
 * @param seen is called with each sample as it is taken.
 * @throws Error once the workspace is closed; a peer that fails gives a sample with its problem instead.
 */
export async function runRounds(
  bench: Bench,
  participants: readonly Participant[],
  chosen: readonly BenchCase[],
  rounds: number,
  seen: (sample: Sample) => void,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const benchCase of chosen) {
    for (let round = 1; round <= rounds; round += 1) {
      for (const participant of rotated(taking(participants, benchCase), round - 1)) {
        const perSecond = benchCase.load === 'paced' ? paceOf(samples, taking(participants, benchCase)) : 0;
        const sample = await takeSample({ ...bench, perSecond }, participant, benchCase, round);
        seen(sample);
        samples.push(sample);
      }
    }
  }
  return samples;
}

/** Those whose peer takes part in the case. */
function taking(participants: readonly Participant[], benchCase: BenchCase): Participant[] {
  const { name, load, cached, secure } = benchCase;
  const plain = load === 'closed' && !cached && !secure;
  return participants.filter(({ peer }) => (peer.cases ? peer.cases.includes(name) : plain));
}

/** Requests a second that are half of what the slowest of them has shown to carry in the first of all cases. */
function paceOf(samples: readonly Sample[], participants: readonly Participant[]): number {
  const peaks = participants.flatMap(({ peer }) => {
    const own = samples.filter((each) => each.case === cases[0]!.name && each.peer === peer.name);
    const rates = own.flatMap((each) => each.figures?.requestsPerSecond ?? []);
    return rates.length === 0 ? [] : [summarize(rates).median];
  });
  return peaks.length === 0 ? PACE_UNKNOWN : Math.round(Math.min(...peaks) / 2);
}

/** Where that case was not asked for. */
const PACE_UNKNOWN = 10_000;

async function takeSample(
  bench: Bench,
  { peer, installed }: Participant,
  benchCase: BenchCase,
  round: number,
) {
  const what = { case: benchCase.name, peer: peer.name, round };
  try {
    return { ...what, ...(await measure(bench, peer, installed, benchCase)) };
  } catch (error) {
    if (bench.workspace.processes.closed) throw error;
    return { ...what, figures: null, problems: [(error as Error).message] };
  }
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
