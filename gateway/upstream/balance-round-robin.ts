import type { Balancer } from './balancer.ts';
import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';
import { nextUntried, takeTurn } from './turns.ts';

/** Everybody in turn, by weight. */
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
