import type { Candidate } from './candidate.ts';

/**
 * Which of the candidates may be picked: those that are available. Where that is fewer than half of them, it is likelier that the checks are
 * wrong, or that the few would be overrun by what all of them carried, than that so many services failed at once: then all are used, as
 * in Envoy's panic mode. But not those where nothing gets there, as long as there are others: sending to them can only fail.
 *
 * Asked when something changed, never for a request.
 *
 * @param standIn whether others are there in their place, so that there is no need to panic.
 */
export function usable(candidates: readonly Candidate[], standIn: boolean): readonly Candidate[] {
  const available = candidates.filter(({ endpoint }) => endpoint.available);
  if (standIn || available.length * 2 >= candidates.length) return available;
  const living = candidates.filter(({ endpoint }) => !endpoint.dead);
  return living.length > 0 ? living : candidates;
}
