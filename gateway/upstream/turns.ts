import type { Candidate } from './candidate.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * Smooth weighted round robin, as nginx has it: before each turn everybody is credited its share, whoever has most takes the turn and
 * pays for all. Weights 5, 1, 1 come out as a a b a c a a, never as five of one in a row.
 */
export function takeTurn(candidates: readonly Candidate[]): Candidate | null {
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

/** Whose turn it would be among those that have not been tried. Nobody pays. */
export function nextUntried(candidates: readonly Candidate[], tried: readonly Endpoint[]): Candidate | null {
  let best: Candidate | null = null;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]!;
    if (tried.includes(candidate.endpoint)) continue;
    if (best === null || candidate.credit + candidate.share > best.credit + best.share) best = candidate;
  }
  return best;
}

/**
 * Those who take part change. Whoever is new is owed nothing, and owes nothing: credits are shifted so that their sum stays near 0, or
 * after many changes a newcomer would get every turn for a while, or none.
 */
export function levelCredits(candidates: readonly Candidate[], before: readonly Candidate[]): void {
  let sum = 0;
  for (const candidate of candidates) {
    if (!before.includes(candidate)) candidate.credit = 0;
    sum += candidate.credit;
  }
  const shift = Math.trunc(sum / candidates.length);
  for (const candidate of candidates) candidate.credit -= shift;
}
