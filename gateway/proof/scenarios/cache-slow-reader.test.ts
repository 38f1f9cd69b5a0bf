import { expect, test } from 'vitest';
import { cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { gatewaySockets } from '../testing/gateway.ts';
import { holdClock } from '../testing/held-clock.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { reply } from '../testing/service.ts';

const mebibyte = 1024 * 1024;

test('a client that reads a kept answer slowly gets all of it, however long that takes', async () => {
  const body = Buffer.alloc(40 * mebibyte, 'abcdefg');
  const { gateway } = await startCachedRoute(reply(200, ['Cache-Control: max-age=60'], body), {
    cache: '{ maxEntry: 64MiB }',
    top: 'timeouts: { idle: 1s }\n',
  });
  const client = await gateway.connect();
  await client.send(get('/img/'));
  await client.head();
  await client.discard(body.length);
  const clock = holdClock();
  await client.send(get('/img/'));
  expect(cacheStatus({ head: await client.head() })).toMatch(/hit/);
  const toClient = gatewaySockets().find((each) => each.localPort === gateway.port);
  const written = () => toClient?.bytesWritten ?? 0;
  for (let left = body.length; left > 0; left -= 4 * mebibyte) {
    const before = written();
    await client.discard(4 * mebibyte);
    await until('the gateway has gone on', () => written() > before || written() > 2 * body.length);
    // Less than the second in which something must move; all of it takes longer.
    clock.advance(900);
  }
});
