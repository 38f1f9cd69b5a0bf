import type { Balancer } from './balancer.ts';
import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';

/** Endpoints take turns, by weight. */
export class RoundRobin implements Balancer {
  #candidates: readonly Candidate[] = [];

  replace(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
  }

  pick(_choice: Choice, tried: readonly Endpoint[]): Endpoint | null {
    const candidates = this.#candidates;
    const turn = tried.length === 0 ? takeTurn(candidates) : nextUntried(candidates, tried);
    return turn === null ? null : turn.endpoint;
  }
}

/**
 * Smooth weighted round robin, as in nginx: before each turn every endpoint is credited its share; the one with the most credit takes the
 * turn and pays for all. Weights 5, 1, 1 give a a b a c a a, never five of one in a row. An endpoint that was unavailable keeps its credit.
 */
function takeTurn(candidates: readonly Candidate[]): Candidate | null {
  let best: Candidate | null = null;
  let total = 0;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]!;
    candidate.credit += candidate.share;
    total += candidate.share;
    if (best === null || candidate.credit > best.credit) best = candidate;
  }
  if (best !== null) best.credit -= total;
  return best;
}

/** Whose turn it would be among those that have not been tried. No credit changes. */
function nextUntried(candidates: readonly Candidate[], tried: readonly Endpoint[]): Candidate | null {
  let best: Candidate | null = null;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]!;
    if (tried.includes(candidate.endpoint)) continue;
    if (best === null || candidate.credit + candidate.share > best.credit + best.share) best = candidate;
  }
  return best;
}
