import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { listening } from '../testing/free-port.ts';
import { connect, type RawClient } from '../testing/raw-client.ts';
import { Wire } from '../testing/wire.ts';
import { HoleProxy } from './hole-proxy.ts';

/** The absence of bytes can only be waited for. */
const quietMs = 100;

/** A proxy with a connection through it, and both of its ends. */
async function stage() {
  const server = createServer({ allowHalfOpen: true });
  const proxy = await HoleProxy.open(await listening(server));
  const accepted = once(server, 'connection');
  const client = await connect(proxy.port, { halfOpen: true });
  const service = new Wire(((await accepted) as [Socket])[0], 'the far end');
  onTestFinished(async () => {
    service.destroy();
    await proxy.close();
    server.close();
  });
  return { proxy, client, service };
}

test('passes bytes and ends, each direction by itself', async () => {
  const { client, service } = await stage();
  await client.send('up');
  client.fin();
  expect((await service.bytes(2)).toString()).toBe('up');
  expect(await service.ending()).toBe('fin');
  await service.send('down');
  expect((await client.bytes(4)).toString()).toBe('down');
});

test('passes a reset as a reset', async () => {
  const { client, service } = await stage();
  await client.send('x');
  await service.bytes(1);
  client.reset();
  expect(await service.ending()).toBe('reset');
});

test('delays what passes', async () => {
  const { proxy, client, service } = await stage();
  proxy.mode = { kind: 'delay', ms: 80 };
  const from = performance.now();
  await client.send('late');
  expect((await service.bytes(4)).toString()).toBe('late');
  expect(performance.now() - from).toBeGreaterThan(75);
});

const leavings: readonly [string, (client: RawClient) => void][] = [
  ['an end', (client) => client.fin()],
  ['a reset', (client) => client.reset()],
];

test.each(leavings)('drops bytes, and %s', async (_what, leave) => {
  const { proxy, client, service } = await stage();
  proxy.mode = { kind: 'drop' };
  await client.send('lost');
  leave(client);
  await pause(quietMs);
  expect([service.unread().length, service.ended]).toEqual([0, null]);
});

test.each(leavings)('half-open, passes bytes and hides %s', async (_what, leave) => {
  const { proxy, client, service } = await stage();
  proxy.mode = { kind: 'half-open' };
  await client.send('seen');
  expect((await service.bytes(4)).toString()).toBe('seen');
  leave(client);
  await pause(quietMs);
  expect(service.ended).toBe(null);
});

test('stuck, takes no more than buffers hold; what is in them passes when it goes on', async () => {
  const { proxy, client, service } = await stage();
  proxy.mode = { kind: 'stuck' };
  let taken = false;
  const sent = client.send(Buffer.alloc(32 * 1024 * 1024)).then(() => {
    taken = true;
  });
  await pause(quietMs);
  expect([taken, service.unread().length]).toEqual([false, 0]);
  proxy.mode = { kind: 'pass' };
  await service.discard(32 * 1024 * 1024);
  await sent;
});

test('cut, breaks both sides and holds nothing', async () => {
  const { proxy, client, service } = await stage();
  await client.send('x');
  await service.bytes(1);
  proxy.cut();
  expect([await client.ending(), await service.ending()]).toEqual(['reset', 'reset']);
  expect(proxy.sockets).toBe(0);
});
