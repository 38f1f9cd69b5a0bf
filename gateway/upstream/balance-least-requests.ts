import type { Balancer } from './balancer.ts';
import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * The endpoint with the fewest exchanges under way for its weight; equals take turns, by weight. Without that second rule an idle
 * upstream would send everything to the first.
 */
export class LeastRequests implements Balancer {
  #candidates: readonly Candidate[] = [];

  replace(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
  }

  pick(_choice: Choice, tried: readonly Endpoint[]): Endpoint | null {
    const idlest = this.#idlest(tried);
    if (idlest === null) return null;
    return tried.length === 0 ? this.#inTurn(idlest) : idlest.endpoint;
  }

  #idlest(tried: readonly Endpoint[]): Candidate | null {
    const candidates = this.#candidates;
    let best: Candidate | null = null;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!;
      if (tried.length > 0 && tried.includes(candidate.endpoint)) continue;
      if (best === null || compareLoad(candidate, best) < 0) best = candidate;
    }
    return best;
  }

  /** As `takeTurn`, among those that are as idle as this one. */
  #inTurn(idlest: Candidate): Endpoint {
    const candidates = this.#candidates;
    let best = idlest;
    let total = 0;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!;
      if (compareLoad(candidate, idlest) !== 0) continue;
      candidate.credit += candidate.share;
      total += candidate.share;
      if (candidate.credit > best.credit) best = candidate;
    }
    best.credit -= total;
    return best.endpoint;
  }
}

/** Exchanges by weight, without a division. Negative: `a` has less to do. */
function compareLoad(a: Candidate, b: Candidate): number {
  return a.endpoint.active * b.share - b.endpoint.active * a.share;
}
