import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { watchEtcd } from './etcd.ts';

// Its pauses are as long as the test says; sockets go on as they do.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** What answers as etcd does. @param watched what it does with who watches */
async function etcd(watched: (response: ServerResponse) => void) {
  const asked = { range: 0, watch: 0 };
  const server = createServer((request, response) => {
    request.resume();
    const isWatch = request.url === '/v3/watch';
    asked[isWatch ? 'watch' : 'range']++;
    if (isWatch) watched(response);
    else response.end(JSON.stringify({ header: { revision: '5' }, kvs: [{ value: 'YQ==' }] }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const watch = watchEtcd(`etcd://127.0.0.1:${port}/key`, () => {}, 'none');
  onTestFinished(() => {
    watch.close();
    server.closeAllConnections();
    server.close();
  });
  return asked;
}

/** @returns so many milliseconds have passed for pauses */
function step(): number {
  vi.advanceTimersByTime(200);
  return 200;
}

const CREATED = '{"result":{"created":true}}\n';

test('an etcd that tells is asked when it has told', async () => {
  let tell = () => {};
  const asked = await etcd((response) => {
    response.write(CREATED);
    tell = () => response.write('{"result":{"events":[{}]}}\n');
  });
  await until('it is watched', () => asked.watch === 1);
  let passed = 0;
  // Longer than any pause: nothing waits for one.
  await until('time passes', () => {
    passed += step();
    return passed >= 10_000;
  });
  expect(asked).toEqual({ range: 1, watch: 1 });
  tell();
  await until('it is watched again', () => step() > 0 && asked.watch === 2);
  expect(asked.range).toBe(2);
});

test.each<[string, (response: ServerResponse) => void]>([
  ['knows no watching', (response) => response.writeHead(404).end()],
  ['lets nobody watch', (response) => response.end('{"result":{"created":true,"canceled":true}}\n')],
  ['hangs up', (response) => response.end(CREATED)],
  ['says one endless line', (response) => response.end('a'.repeat(200_000))],
])('one that %s is not asked all the time', async (_, watched) => {
  const asked = await etcd(watched);
  await until('it is watched', () => asked.watch === 1);
  let passed = 0;
  await until('it is asked again', () => {
    passed += step();
    return asked.watch === 2;
  });
  expect(passed).toBeGreaterThanOrEqual(4_000);
});
