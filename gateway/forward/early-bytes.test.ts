import { describe, expect, test } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { socketPair } from '../proof/testing/socket-pair.ts';
import { EarlyBytes } from './early-bytes.ts';

async function early(head = '') {
  const { near, far } = await socketPair();
  let left = 0;
  const bytes = new EarlyBytes(near, Buffer.from(head), () => left++);
  return { near, far, bytes, left: () => left };
}

describe('what a client sends before its tunnel is open', () => {
  test('is handed over in order, with what came behind the handshake in front', async () => {
    const { near, far, bytes } = await early('one ');
    await far.send('two ');
    await far.send('three');
    await until('all has been read', () => near.bytesRead === 9);
    expect(Buffer.concat([...bytes.release()]).toString()).toBe('one two three');
  });

  test('is read no further when it is a flood, and nothing of it is lost', async () => {
    const { near, far, bytes } = await early();
    const flood = Buffer.alloc(1024 * 1024, 'x');
    const sent = far.send(flood);
    await until('the flood is held back', () => near.isPaused());
    expect(near.bytesRead).toBeLessThan(256 * 1024);
    let received = 0;
    for (const chunk of bytes.release()) received += chunk.length;
    near.on('data', (chunk) => {
      received += chunk.length;
    });
    near.resume();
    await sent;
    await until('the rest has been read', () => received === flood.length);
  });

  test('comes to whoever listens next, once it is released', async () => {
    const { near, far, bytes } = await early();
    bytes.release();
    expect(near.isPaused()).toBe(true);
    const next = new Promise((resolve) => near.once('data', (chunk) => resolve(String(chunk))));
    near.resume();
    await far.send('later');
    expect(await next).toBe('later');
  });
});

describe('a client that leaves before its tunnel is open', () => {
  test.each(['fin', 'reset', 'destroy'] as const)('by %s is noticed', async (how) => {
    const { far, left } = await early();
    far[how]();
    await until('it was noticed', () => left() > 0);
  });

  test.each(['fin', 'reset'] as const)('by %s is nobody’s business after the release', async (how) => {
    const { near, far, bytes, left } = await early();
    bytes.release();
    near.resume();
    far[how]();
    await until('the socket has seen it', () => near.destroyed || near.readableEnded);
    expect(left()).toBe(0);
  });

  test('by a reset after we stopped listening does no harm', async () => {
    const { near, far, bytes } = await early();
    bytes.stop();
    far.reset();
    near.resume();
    await until('the socket has seen it', () => near.destroyed);
  });
});
