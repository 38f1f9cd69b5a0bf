import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';

/** Chooses among endpoints. It runs for every request: nothing is allocated, sorted or looked up by name in `pick`. */
export interface Balancer {
  /** From now on these may be picked, with their shares as they are now. What is known of those that stay is kept. */
  replace(candidates: readonly Candidate[]): void;
  /**
   * A retry (`tried` not empty) takes no endpoint's turn: of two endpoints, one of them dead, it would always be the dead one's.
   *
   * @returns `null` only where every candidate has been tried, or there is none.
   */
  pick(choice: Choice, tried: readonly Endpoint[]): Endpoint | null;
}
