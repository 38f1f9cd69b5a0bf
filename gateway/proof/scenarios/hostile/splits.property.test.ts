import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BareClient } from '../../testing/bare-client.ts';
import { get, request } from '../../testing/http-client.ts';
import { routeKinds } from '../../testing/route-kinds.ts';
import { chunk } from '../../testing/service.ts';
import { comparableRequest } from './comparable.ts';
import { Stage } from './stage.ts';

const traffic =
  request('POST', '/db/1', ['X-A: 1'], 'a body\r\n\r\n') +
  request(
    'PUT',
    '/db/2',
    ['Transfer-Encoding: chunked'],
    chunk('in three') + chunk(' chunks\r\n0\r\n') + chunk(''),
  ) +
  get('/db/3?x=%2F', 'Cookie: a', 'Cookie: b');

describe.each(routeKinds)('three requests in one stream, on $kind', (kind) => {
  let stage: Stage;
  let whole: string[];
  beforeAll(async () => {
    stage = await Stage.open(kind, [], () => ({ parts: ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'] }));
    whole = await forwarded([traffic]);
    expect(whole).toHaveLength(3);
  });
  afterAll(() => stage.close());

  async function forwarded(parts: readonly string[]): Promise<string[]> {
    const client = await BareClient.open(stage.port);
    await client.sendParts(parts);
    await client.sees(() => client.read().messages.length === 3);
    client.destroy();
    expect(stage.service.faults).toEqual([]);
    return stage.service.take().whole.map(comparableRequest);
  }

  test('arrive as the same bytes, however the stream is cut', async () => {
    const places = fc.uniqueArray(fc.integer({ min: 1, max: traffic.length - 1 }), { maxLength: 12 });
    const cuts = fc.asyncProperty(places, async (unordered) => {
      const ends = [...unordered.sort((a, b) => a - b), traffic.length];
      expect(await forwarded(ends.map((end, at) => traffic.slice(ends[at - 1] ?? 0, end)))).toEqual(whole);
    });
    await fc.assert(cuts, { numRuns: 60, interruptAfterTimeLimit: 3_000 });
  });
});
