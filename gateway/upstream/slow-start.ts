/**
 * The share of its weight that an endpoint has so long after it began: from a tenth, evenly, to the whole. A cold service gets time to fill
 * its caches and its pools, and at least the tenth, because nothing warms up without requests.
 */
export function warmth(sinceMs: number, slowStartMs: number): number {
  return Math.min(1, Math.max(COLDEST, sinceMs / slowStartMs));
}

const COLDEST = 0.1;
