import { type BoundPolicy, type Policy, policyWithKey } from '../policy.ts';
import { type RateLimit, rateLimitForm, rateLimitRow } from './keys.ts';
import type { Limiter } from './limiter.ts';

const isOfUser = ({ by }: RateLimit) => by.kind === 'user';

/** Refuses requests that come too often, before they cost anything. */
export const rateLimit = policyWithKey('rateLimit', {
  does: 'A request that is one too many, as `rateLimit` says, is 429: limits by address, header, cookie and route.',
  row: rateLimitRow,
  forms: { rateLimit: rateLimitForm },
  shown: (limits) => limits,
  bind: (limits) => bind(limits?.filter((limit) => !isOfUser(limit)) ?? []),
});

/** The same key, for limits by user, after authentication. */
export const userRateLimit: Policy = {
  name: 'rateLimit',
  does: 'The same for limits by user.',
  key: null,
  bind: (limits) => bind(((limits ?? []) as readonly RateLimit[]).filter(isOfUser)),
};

function bind(limits: readonly RateLimit[]): BoundPolicy | null {
  if (limits.length === 0) return null;
  let limiter: Limiter | null = null;
  return {
    async open(kept, route) {
      const { Limiter: Opened } = await import('./limiter.ts');
      const opened = new Opened(route, limits, kept);
      limiter = opened;
      return () => opened.close();
    },
    request(exchange) {
      if (limiter === null) throw new Error('rateLimit was not opened');
      const admitted = limiter.admit(exchange);
      return admitted instanceof Promise ? admitted.then(() => null) : null;
    },
    foresee: () => ({
      status: null,
      says: `at most ${limits.map(({ text, burst }) => `${text} (burst ${burst})`).join(', and ')}, else 429`,
    }),
  };
}
