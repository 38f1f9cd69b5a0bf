import { type BoundPolicy, type Policy, policyWithKey } from '../policy.ts';
import { type ConcurrentLimit, concurrentForm, concurrentRow } from './keys.ts';
import type { UnderWay } from './under-way.ts';

/** A client that has too much under way at once is refused, before anything is spent on it. */
export const concurrent = policyWithKey('concurrent', {
  does: 'A request of a party that has as many under way as `concurrent` allows is 429: by address, header, cookie and route.',
  row: concurrentRow,
  forms: { concurrent: concurrentForm },
  shown: (limit) => limit,
  bind: (limit) => (limit === null || limit.by.kind === 'user' ? null : bind(limit)),
});

/** The same key, for limits by user, after authentication. */
export const userConcurrent: Policy = {
  name: 'concurrent',
  does: 'The same by user.',
  key: null,
  bind: (settings) => {
    const limit = settings as ConcurrentLimit | null;
    return limit?.by.kind === 'user' ? bind(limit) : null;
  },
};

function bind(limit: ConcurrentLimit): BoundPolicy {
  let underWay: UnderWay | null = null;
  return {
    async open(kept, route) {
      const { UnderWay: Opened } = await import('./under-way.ts');
      const key = `concurrent by ${JSON.stringify(limit.by)} of ${route}`;
      underWay = kept.acquire(key, () => new Opened(key, kept.others));
      return () => kept.release(key);
    },
    request(exchange) {
      if (underWay === null) throw new Error('concurrent was not opened');
      return underWay.admit(exchange, limit);
    },
    foresee: () => ({ status: null, says: `at most ${limit.text} at once, else 429` }),
  };
}
