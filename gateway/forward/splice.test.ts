import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Pace } from '../exchange/paced.ts';
import { holdClock } from '../proof/testing/held-clock.ts';
import { until } from '../proof/testing/poll.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { startService } from '../proof/testing/service.ts';
import { socketPair } from '../proof/testing/socket-pair.ts';
import { Splice, type SpliceEnd } from './splice.ts';

/** A client and a service whose connections to the gateway are joined. */
async function splice(idleMs = 60_000, pace: Pace | null = null) {
  const [client, service] = await Promise.all([socketPair(), socketPair()]);
  const endings: SpliceEnd[] = [];
  const moved = { service: 0, client: 0 };
  const joined = new Splice(
    client.near,
    service.near,
    idleMs,
    {
      moved: (bytes, towards) => {
        moved[towards] += bytes;
      },
      ended: (how) => endings.push(how),
    },
    pace,
  );
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

  test('are not silent while one of them waits for its pace', async () => {
    const waits = [700, 0];
    const pace: Pace = { took: () => waits.shift() ?? 0 };
    const { client, service, endings } = await splice(300, pace);
    await service.send('one');
    expect(await client.until('one')).toBe('one');
    await service.send('two');
    expect(await client.until('two')).toBe('two');
    expect(endings).toEqual([]);
  });

  // Each kept both connections for as long as the wait, and then for the time of silence.
  test('leave no timer behind that waited for their pace', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { client, service, endings, gone } = await splice(60_000, { took: () => 600_000 });
    await service.send('one');
    expect(await client.until('one')).toBe('one');
    client.reset();
    await gone;
    expect(endings).toEqual(['client-reset']);
    expect(vi.getTimerCount()).toBe(0);
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
    expect(joined.endings).toEqual([`${side}-reset`]);
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
    const { client, service, endings, gone } = await splice(100);
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(99);
      await service.send('x');
      await client.bytes(1);
    }
    expect(endings).toEqual([]);
    vi.advanceTimersByTime(101);
    for (const side of [client, service]) {
      expect(await side.ending()).toBe('fin');
      side.fin();
    }
    await gone;
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
    const clock = holdClock();
    const { joined, client, service, endings, gone, near } = await splice();
    for (let i = 0; i < 8; i++) void service.send(Buffer.alloc(1024 * 1024));
    await until('the sender is held back', () => near.service.isPaused());
    const written = near.client.bytesWritten;
    joined.close();
    joined.close();
    const { bytes, ending } = await client.rest();
    expect([bytes.length >= written, ending]).toEqual([true, 'fin']);
    // What does not end by itself is not waited for.
    clock.advance(1_000);
    await gone;
    expect(endings).toEqual(['closed']);
    service.destroy();
  });

  test('are over only when the last byte has gone to a slow reader', async () => {
    const { client, service, near, endings, gone } = await splice();
    // The tail is more than the kernel holds of both sockets, so that it can only be with the splice.
    const [size, tail] = [48 * 1024 * 1024, 24 * 1024 * 1024];
    client.fin();
    await service.ending();
    void service.send(Buffer.alloc(size));
    service.fin();
    await until('the sender is held back', () => near.service.isPaused());
    await client.discard(size - tail);
    expect(endings).toEqual([]);
    await client.discard(tail - 1);
    const { bytes, ending } = await client.rest();
    expect([bytes.length, ending]).toEqual([1, 'fin']);
    await gone;
    expect(endings).toEqual(['closed']);
  });

  test('deliver what a side had said before it ended, though it takes no more', async () => {
    const { client, service, near, gone, endings } = await splice();
    const size = 512 * 1024;
    await service.send(Buffer.alloc(size));
    service.fin();
    await until('the end has been read', () => near.service.readableEnded);
    // Nobody reads any more: the system answers with a reset.
    service.destroy();
    await until('the reset has come', async () => {
      await client.send('anybody there?');
      return near.service.destroyed;
    });
    const { bytes, ending } = await client.rest();
    expect([bytes.length, ending]).toEqual([size, 'fin']);
    client.fin();
    await gone;
    expect(endings).toEqual(['closed']);
  });

  test('pass on an end that came before they were joined', async () => {
    const [client, service] = await Promise.all([socketPair(), socketPair()]);
    client.far.fin();
    client.near.resume();
    await until('the end has been read', () => client.near.readableEnded);
    new Splice(client.near, service.near, 60_000, { moved: () => {}, ended: () => {} });
    expect(await service.far.ending()).toBe('fin');
    await service.far.send('still here');
    expect(await client.far.until('still here')).toBe('still here');
  });

  test('break over a socket that knows no reset', async () => {
    const client = await socketPair();
    const folder = await temporaryFolder();
    const service = await startService({ halfOpen: true, listen: { path: join(folder, 'socket') } });
    const near = connect({ path: join(folder, 'socket'), allowHalfOpen: true });
    const ended = new Promise((resolve) => {
      new Splice(client.near, near, 60_000, { moved: () => {}, ended: resolve });
    });
    const far = await service.connection();
    client.far.reset();
    await far.ending();
    expect(await ended).toBe('client-reset');
  });

  test('are gone at once when they are closed after one of them has ended', { timeout: 2_500 }, async () => {
    const { joined, client, service, gone } = await splice();
    client.fin();
    await service.ending();
    joined.close();
    await gone;
  });
});
