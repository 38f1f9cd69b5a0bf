import type { Candidate } from './candidate.ts';

/**
 * Which of the candidates may be picked: those that are available. Asked when something changed, never for a request.
 */
export function usable(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ endpoint }) => endpoint.available);
}
