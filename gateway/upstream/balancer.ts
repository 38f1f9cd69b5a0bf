import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';

/** Chooses among endpoints. It runs for every request: nothing is allocated, sorted or looked up by name in `pick`. */
export interface Balancer {
  /** Sets the candidates and their shares. State of the remaining ones is kept. */
  replace(candidates: readonly Candidate[]): void;
  /**
   * A retry (`tried` not empty) takes no endpoint's turn: of two endpoints, one of them dead, it would always be the dead one's.
   *
   * @returns `null` only if every candidate has been tried, or there is none
   */
  pick(choice: Choice, tried: readonly Endpoint[]): Endpoint | null;
}
