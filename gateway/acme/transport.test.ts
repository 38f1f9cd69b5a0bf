import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DirectoryFront } from '../proof/testing/directory-front.ts';
import { AcmeTransport, retryAfterMs } from './transport.ts';

async function ask(front: DirectoryFront, timeoutMs: number, signal = new AbortController().signal) {
  const transport = new AcmeTransport(await readFile(front.ca, 'utf8'), timeoutMs);
  return transport.ask('GET', `${front.origin}/a`, null, signal).finally(() => transport.close());
}

test.each([
  ['nothing', 0],
  ['a byte now and then', 10],
])('a directory that sends %s is given up', async (_, everyMs) => {
  const front = await DirectoryFront.start();
  front.on('/a', (_, response) => {
    if (everyMs === 0) return;
    const timer = setInterval(() => response.write(' '), everyMs);
    response.on('close', () => clearInterval(timer));
  });
  const asked = ask(front, 300);
  await expect(asked).rejects.toMatchObject({
    type: 'unreachable',
    message: expect.stringMatching(/no whole answer in time$/),
  });
});

test('one that is broken off ends at once', async () => {
  const front = await DirectoryFront.start();
  const stopped = new AbortController();
  front.on('/a', () => stopped.abort());
  await expect(ask(front, 60_000, stopped.signal)).rejects.toMatchObject({
    message: expect.stringMatching(/broken off$/),
  });
});

test('a directory that another authority vouches for is refused', async () => {
  const [front, other] = [await DirectoryFront.start(), await DirectoryFront.start()];
  const transport = new AcmeTransport(await readFile(other.ca, 'utf8'));
  const asked = transport.ask('GET', `${front.origin}/a`, null, new AbortController().signal);
  await expect(asked.finally(() => transport.close())).rejects.toMatchObject({ type: 'unreachable' });
  expect(front.asked).toEqual([]);
});

const now = Date.parse('2026-01-01T00:00:00Z');
test.each([
  [null, null],
  ['120', 120_000],
  ['Thu, 01 Jan 2026 01:00:00 GMT', 3_600_000],
  ['Thu, 01 Jan 2015 01:00:00 GMT', 0],
  ['-5', 0],
  ['soon', null],
  ['9'.repeat(40), null],
])('Retry-After %s is %s', (value, ms) => {
  expect(retryAfterMs(value, now)).toBe(ms);
});

test('one that was broken off before opens no connection', async () => {
  const front = await DirectoryFront.start();
  const transport = new AcmeTransport(await readFile(front.ca, 'utf8'));
  const asked = transport.ask('GET', `${front.origin}/a`, null, AbortSignal.abort());
  await expect(asked).rejects.toMatchObject({ type: 'unreachable' });
  // Connections come in their order: one before this one would be seen.
  expect((await ask(front, 60_000)).status).toBe(404);
  expect(front.connections).toBe(1);
  transport.close();
});
