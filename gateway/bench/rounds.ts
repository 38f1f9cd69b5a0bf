import type { BenchCase } from './cases.ts';
import type { Installed } from './machine.ts';
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
  cases: readonly BenchCase[],
  rounds: number,
  seen: (sample: Sample) => void,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const benchCase of cases) {
    for (let round = 1; round <= rounds; round += 1) {
      for (const participant of rotated(participants, round - 1)) {
        const sample = await takeSample(bench, participant, benchCase, round);
        seen(sample);
        samples.push(sample);
      }
    }
  }
  return samples;
}

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
    if (bench.workspace.children.closed) throw error;
    return { ...what, figures: null, problems: [(error as Error).message] };
  }
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
