import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type CachedRoute, cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { holdCalendar } from '../testing/held-clock.ts';
import { until } from '../testing/poll.ts';
import { type Answer, request } from '../testing/raw-client.ts';
import { ok, type Script } from '../testing/service.ts';

const FRESH = 'Cache-Control: public, max-age=60';
const JSON_TYPE = 'Content-Type: application/json';
/** Of words in no order, so that a higher level makes a difference. */
const text = (version = 1) =>
  JSON.stringify(
    Array.from({ length: 3_000 }, (_each, at) => WORDS[((at + version) * (at + 7) * 31) % WORDS.length]),
  );
const WORDS = Array.from({ length: 97 }, (_each, at) => `word ${(at * 7_919).toString(36)}`);

const start = (
  script: Script | string | Uint8Array,
  keys: readonly string[] = ['compress: true'],
  cache = 'true',
) => startCachedRoute(script, { cache, keys });

/** Asks until the answer is one that was compressed ahead: it has a length. */
async function compressedAhead({ ask }: CachedRoute, coding: string): Promise<Answer> {
  let answer: Answer | undefined;
  await until('it is compressed ahead', async () => {
    answer = await ask('/a', `Accept-Encoding: ${coding}`);
    return answer.head.has('content-length');
  });
  return answer!;
}

const DECODERS = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync };

describe.each(['true', '{ file: cache.db }'])('a kept answer (cache: %s)', (cache) => {
  test.each(['br', 'gzip', 'zstd'] as const)(
    'is compressed by %s once, at a high level, for all',
    async (coding) => {
      holdCalendar();
      const route = await start(ok(text(), FRESH, JSON_TYPE, 'ETag: "1"'), ['compress: true'], cache);
      const fast = await route.ask('/a', `Accept-Encoding: ${coding}`);
      expect(DECODERS[coding](fast.body).toString()).toBe(text());
      const { head, body, status } = await compressedAhead(route, coding);
      expect([status, DECODERS[coding](body).toString()]).toEqual([200, text()]);
      expect(body.length).toBeLessThan(fast.body.length);
      const names = ['content-encoding', 'etag', 'content-length', 'vary', 'age', 'content-type'];
      expect(names.map((name) => head.value(name))).toEqual([
        ...[coding, 'W/"1"', `${body.length}`, 'Accept-Encoding', '0', 'application/json'],
      ]);
      expect(cacheStatus({ head })).toBe('portway; hit');
      const line = route.gateway.log.exchanges().at(-1);
      expect(line?.bytesOut).toBe(body.length);
      expect(route.service.requests).toHaveLength(1);
    },
  );
});

describe('what is compressed ahead', () => {
  test('is not for those who do not take it, ask for a part, or have it', async () => {
    const route = await start(ok(text(), FRESH, JSON_TYPE, 'ETag: "1"'));
    await compressedAhead(route, 'br');
    const plain = await route.ask('/a');
    expect([plain.head.has('content-encoding'), plain.text]).toEqual([false, text()]);
    const part = await route.ask('/a', 'Accept-Encoding: br', 'Range: bytes=1-8');
    const seen = [part.status, part.text, part.head.has('content-encoding')];
    expect(seen).toEqual([206, text().slice(1, 9), false]);
    const same = await route.ask('/a', 'Accept-Encoding: br', 'If-None-Match: W/"1"');
    const told = [same.status, same.head.value('etag'), same.head.has('content-length')];
    expect(told).toEqual([304, 'W/"1"', false]);
    const head = await route.gateway.exchange(request('HEAD', '/img/a', ['Accept-Encoding: br']));
    expect([head.status, head.head.value('content-encoding')]).toEqual([200, 'br']);
  });

  test('is what the client takes, whatever the service is told that it takes', async () => {
    const route = await start(ok(text(), FRESH, JSON_TYPE), [
      'compress: true',
      'headers: { request: { set: { Accept-Encoding: br } } }',
    ]);
    await compressedAhead(route, 'br');
    expect((await route.ask('/a')).text).toBe(text());
  });

  test('goes with what it was made of', async () => {
    const calendar = holdCalendar();
    let version = 1;
    const route = await start(() => ok(text(version), FRESH, JSON_TYPE));
    await compressedAhead(route, 'gzip');
    version = 2;
    calendar.advance(61);
    await route.ask('/a');
    for (let times = 0; times < 5; times++) {
      const { body } = await route.ask('/a', 'Accept-Encoding: gzip');
      expect(gunzipSync(body).toString()).toBe(text(2));
    }
    const purge = await route.gateway.admin('DELETE', '/cache?url=/img/a');
    expect(JSON.parse(purge.text)).toMatchObject({ purged: 1 });
    const left = await route.gateway.admin('GET', '/cache');
    expect(JSON.parse(left.text)).toMatchObject([{ entries: 0, bytes: 0 }]);
  });

  test('stays when a 304 says that it is right, with the fields of that', async () => {
    const calendar = holdCalendar();
    const route = await start(({ head }) =>
      head.has('if-none-match')
        ? `HTTP/1.1 304 Not Modified\r\n${FRESH}\r\nX-State: new\r\n\r\n`
        : ok(text(), FRESH, JSON_TYPE, 'ETag: "1"'),
    );
    await compressedAhead(route, 'br');
    calendar.advance(61);
    await route.ask('/a');
    const { head, body } = await route.ask('/a', 'Accept-Encoding: br');
    expect([head.has('content-length'), head.value('x-state')]).toEqual([true, 'new']);
    expect(brotliDecompressSync(body).toString()).toBe(text());
  });

  test.each([
    ['no-transform', ok(text(), `${FRESH}, no-transform`, JSON_TYPE)],
    ['a picture', ok(text(), FRESH, 'Content-Type: image/png')],
    ['what is coded already', ok(text(), FRESH, JSON_TYPE, 'Content-Encoding: x-own')],
    ['what is small', ok('{}', FRESH, JSON_TYPE)],
  ])('is never %s', async (_what, answer) => {
    const { gateway, ask } = await start(answer);
    for (let times = 0; times < 3; times++) await ask('/a', 'Accept-Encoding: br');
    expect((await ask('/a', 'Accept-Encoding: br')).head.value('content-encoding')).not.toBe('br');
    expect(JSON.parse((await gateway.admin('GET', '/cache')).text)).toMatchObject([{ entries: 1 }]);
  });
});
