import type { RateLimit } from './keys.ts';

/**
 * `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers-11 has them: lists of strings with parameters (RFC 9651), each naming a
 * limit.
 */

/** What each is called: by its kind, and by its place where several are of one kind. */
export function namesOf(
  limits: readonly RateLimit[],
): readonly (readonly [name: string, limit: RateLimit])[] {
  return limits.map((limit, at) => {
    const { kind } = limit.by;
    const before = limits.slice(0, at).filter(({ by }) => by.kind === kind).length;
    return [before === 0 ? kind : `${kind}-${before + 1}`, limit];
  });
}

/** §3.1: the quota, and the seconds that it is for. */
export function policyItem(name: string, { count, periodMs }: RateLimit): string {
  return `"${name}";q=${count};w=${periodMs / 1000}`;
}

/**
 * §4.1: what is left, and the seconds that it should last for. Who spreads the one over the other keeps the rate, as §8.5 wants; a burst that is
 * more than the quota is not told.
 * @param leftMs of the burst, behind this request
 */
export function limitItem(name: string, { count, periodMs }: RateLimit, leftMs: number): string {
  const intervalMs = periodMs / count;
  const left = Math.min(count, Math.floor(leftMs / intervalMs + ROUNDING));
  const lastsMs = left > 0 ? left * intervalMs : intervalMs - leftMs;
  return `"${name}";r=${left};t=${Math.max(1, Math.ceil(lastsMs / 1000))}`;
}

/** Sums of fractions are not exact. */
const ROUNDING = 1e-6;
