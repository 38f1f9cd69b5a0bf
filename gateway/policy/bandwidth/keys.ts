/** `bandwidth:` of a route or of the top level. */

import { z } from 'zod';
import { inherited } from '../../keys/inherited.ts';
import type { ParseResult } from '../../keys/parse-result.ts';
import { refused } from '../../keys/parse-result.ts';
import { parseSize } from '../../keys/units.ts';
import { described, orWord, parsedBy, size } from '../../keys/value.ts';
import { by, byText, type LimitBy } from '../rate-limit/keys.ts';

/** How many bytes of a party may go each way in a second; `null`: as many as there are. */
export interface Bandwidth {
  readonly answers: number | null;
  readonly requests: number | null;
  /** At once, after a pause; `null`: as many as go in a second. */
  readonly burst: number | null;
  readonly by: LimitBy;
  /** As people write it. */
  readonly text: string;
}

interface ByteRate {
  readonly bytes: number;
  readonly text: string;
}

const RATE = { expected: 'a size in a second, 4KiB/s or more: 1MB/s', type: 'size with its unit, `/s`' };
const byteRate = parsedBy(z.string(), parseByteRate, { ...RATE, pattern: /^\d[\d.]*[kKMGT]?i?B ?\/ ?s$/ });

export const bandwidthForm = z
  .strictObject({
    answers: described(byteRate, 'Bytes of answers’ bodies, and of WebSockets towards the client.', {
      ...RATE,
      defaultText: 'without a limit',
      also: 'download limitrate response rate',
    }).optional(),
    requests: described(byteRate, 'Bytes of requests’ bodies, and of WebSockets towards the service.', {
      ...RATE,
      defaultText: 'without a limit',
      also: 'upload request',
    }).optional(),
    burst: described(size({ min: '1B', max: '1TiB' }), 'How many may go at once, after a pause.', {
      defaultText: 'as many as go in a second',
      also: 'limitrateafter',
    }).optional(),
    by: by('What is counted apart, as for [rateLimit](#ratelimit).', 'key source'),
  })
  .check(({ value: { answers, requests }, issues }) => {
    if (answers !== undefined || requests !== undefined) return;
    const params = {
      expected: 'answers, requests, or both',
      found: 'neither',
      hint: 'without a limit it is "bandwidth: off"',
    };
    issues.push({ code: 'custom', input: {}, path: [], params });
  })
  .transform(
    ({ answers, requests, burst = null, by: apart = { kind: 'ip' } }): Bandwidth =>
      bandwidthOf(answers ?? null, requests ?? null, burst, apart),
  )
  .meta({
    id: 'bandwidth',
    doc: { expected: 'a map with answers, requests, burst, by', holder: 'a bandwidth' },
  });

const bandwidthValue = orWord(
  'off',
  z.union([byteRate.transform((rate) => bandwidthOf(rate, rate, null, { kind: 'ip' })), bandwidthForm]).meta({
    doc: {
      expected: 'a size in a second, 4KiB/s or more, or a map with answers, requests, burst, by',
      type: 'size with its unit, `/s`, or a map, see [bandwidth](#bandwidth)',
    },
  }),
);

export const bandwidthRow = inherited('bandwidth', bandwidthValue, {
  top: { default: 'off' },
  route: {
    text: 'How many bytes of one party may go in a second, each way; more of them wait ([rate-limit.md](rate-limit.md#bandwidth)). Each route counts for itself.',
    also: 'bytespersecond limitrate bwlimit ratelimitbytes',
  },
});

function bandwidthOf(
  answers: ByteRate | null,
  requests: ByteRate | null,
  burst: number | null,
  apart: LimitBy,
): Bandwidth {
  const said = [answers && `${answers.text} of answers`, requests && `${requests.text} of requests`];
  return {
    answers: answers?.bytes ?? null,
    requests: requests?.bytes ?? null,
    burst,
    by: apart,
    text: `${said.filter((one) => one !== null).join(', ')} by ${byText(apart)}`,
  };
}

function parseByteRate(text: string): ParseResult<ByteRate> {
  const [, bytes] = /^(.*\S) ?\/ ?s$/.exec(text) ?? [];
  if (bytes === undefined) return refused('with its unit and the second that it is for, as in 1MB/s');
  const parsed = parseSize(bytes, { min: '4KiB', max: '1TiB' });
  return parsed.ok ? { ok: true, value: { bytes: parsed.value, text } } : parsed;
}
