/** `concurrent:` of a route or of the top level. */

import { z } from 'zod';
import { inherited } from '../../keys/inherited.ts';
import { count, described, orWord } from '../../keys/value.ts';
import { by, byText, type LimitBy } from '../rate-limit/keys.ts';

/** How many exchanges of a party may be under way. */
export interface ConcurrentLimit {
  readonly most: number;
  readonly by: LimitBy;
  /** As people write it: `10 by ip`. */
  readonly text: string;
}

const most = count(1, 100_000);

export const concurrentForm = z
  .strictObject({
    requests: described(most, 'How many requests and WebSockets may be under way at once.', {
      defaultText: '**required**',
      also: 'amount max limit connections',
    }),
    by: by('What is counted apart, as for [rateLimit](#ratelimit).', 'key zone source sourcecriterion'),
  })
  .transform(({ requests, by: apart = { kind: 'ip' } }) => limitOf(requests, apart))
  .meta({ id: 'concurrent', doc: { expected: 'a map with requests, by', holder: 'a concurrent limit' } });

const concurrentValue = orWord(
  'off',
  z.union([most.transform((requests) => limitOf(requests, { kind: 'ip' })), concurrentForm]).meta({
    doc: {
      expected: 'a number, or a map with requests, by',
      type: 'number, or a map, see [concurrent](#concurrent)',
    },
  }),
);

export const concurrentRow = inherited('concurrent', concurrentValue, {
  top: { default: 'off' },
  route: {
    text: 'How many requests of one party may be under way at once; others are answered 429 ([rate-limit.md](rate-limit.md#concurrent)). Each route counts for itself.',
    also: 'inflightreq limitconn maxconcurrent concurrency',
  },
});

function limitOf(requests: number, apart: LimitBy): ConcurrentLimit {
  return { most: requests, by: apart, text: `${requests} by ${byText(apart)}` };
}
