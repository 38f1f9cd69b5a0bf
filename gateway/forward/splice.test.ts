import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../testing/poll.ts';
import { socketPair } from '../testing/socket-pair.ts';
import { Splice, type SpliceEnd } from './splice.ts';

/** A client and a service whose connections to the gateway are joined. */
async function splice(idleMs = 60_000) {
  const [client, service] = await Promise.all([socketPair(), socketPair()]);
  const endings: SpliceEnd[] = [];
  const moved = { service: 0, client: 0 };
  const joined = new Splice(client.near, service.near, idleMs, {
    moved: (bytes, towards) => {
      moved[towards] += bytes;
    },
    ended: (how) => endings.push(how),
  });
  const gone = Promise.all(
    [client, service].map(({ near }) => new Promise((resolve) => near.once('close', resolve))),
  );
  return {
    joined,
    client: client.far,
    service: service.far,
    near: { client: client.near, service: service.near },
    endings,
    moved,
    gone,
  };
}

describe('two joined connections', () => {
  test('carry bytes both ways, and count them', async () => {
    const { client, service, moved } = await splice();
    await client.send('ping');
    expect(await service.until('ping')).toBe('ping');
    await service.send('pong!');
    expect(await client.until('pong!')).toBe('pong!');
    expect(moved).toEqual({ service: 4, client: 5 });
  });

  test.each(['client', 'service'] as const)(
    'pass the end of the %s on, and let the other direction flow until it ends too',
    async (side) => {
      const joined = await splice();
      const [first, last] =
        side === 'client' ? [joined.client, joined.service] : [joined.service, joined.client];
      await first.send('last words');
      first.fin();
      expect((await last.rest()).bytes.toString()).toBe('last words');
      expect(joined.endings).toEqual([]);
      await last.send('and mine');
      last.fin();
      expect((await first.rest()).bytes.toString()).toBe('and mine');
      await joined.gone;
      expect(joined.endings).toEqual(['closed']);
    },
  );

  test.each(['client', 'service'] as const)('break when the %s breaks off', async (side) => {
    const joined = await splice();
    const [broken, other] =
      side === 'client' ? [joined.client, joined.service] : [joined.service, joined.client];
    broken.reset();
    // An orderly end would be taken for the end of what was said.
    expect(await other.ending()).toBe('reset');
    await joined.gone;
    expect(joined.endings).toEqual(['reset']);
  });

  test('end when nothing moves', async () => {
    const { client, service, endings, gone } = await splice(50);
    expect(await client.ending()).toBe('fin');
    expect(await service.ending()).toBe('fin');
    await gone;
    expect(endings).toEqual(['idle']);
  });

  test('do not end while something moves in one direction', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { client, service, endings } = await splice(100);
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(99);
      await service.send('x');
      await client.bytes(1);
    }
    expect(endings).toEqual([]);
    vi.advanceTimersByTime(101);
    expect(endings).toEqual(['idle']);
  });

  test('take from a fast sender no more than a slow reader takes', async () => {
    const { client, service, moved, near } = await splice();
    const megabyte = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 64; i++) void service.send(megabyte);
    await until('the sender is held back', () => near.service.isPaused());
    expect(near.client.writableLength).toBeLessThan(1024 * 1024);
    await client.discard(64 * 1024 * 1024);
    expect(moved.client).toBe(64 * 1024 * 1024);
  });

  test('let what was written flow out when they are closed, and then end', async () => {
    const { joined, client, service, endings, gone, near } = await splice();
    for (let i = 0; i < 8; i++) void service.send(Buffer.alloc(1024 * 1024));
    await until('the sender is held back', () => near.service.isPaused());
    const written = near.client.bytesWritten;
    joined.close();
    joined.close();
    const { bytes, ending } = await client.rest();
    expect([bytes.length >= written, ending]).toEqual([true, 'fin']);
    await gone;
    expect(endings).toEqual(['closed']);
    service.destroy();
  });

  test('are gone at once when they are closed after one of them has ended', { timeout: 2_500 }, async () => {
    const { joined, client, service, gone } = await splice();
    client.fin();
    await service.ending();
    joined.close();
    await gone;
  });
});
