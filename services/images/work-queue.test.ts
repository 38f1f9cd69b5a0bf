import { expect, it } from 'vitest';
import { createWorkQueue } from './work-queue.ts';

const never = new AbortController().signal;

/** Work that ends when it is told to, and tells when it began. */
function piece() {
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  let began = false;
  return {
    end,
    began: () => began,
    work: async () => {
      began = true;
      await done;
      return 'made';
    },
  };
}

it('runs as many as it may, then the others in the order of asking', async () => {
  const queue = createWorkQueue({ running: 2, waiting: 2 });
  const pieces = [piece(), piece(), piece(), piece()];
  const results = pieces.map(({ work }) => queue.run(never, work));
  const began = () => pieces.map((one) => one.began());
  expect(began()).toEqual([true, true, false, false]);
  pieces[1]!.end();
  expect(await results[1]).toBe('made');
  await expect.poll(began).toEqual([true, true, true, false]);
  for (const { end } of pieces) end();
  expect(await Promise.all(results)).toEqual(['made', 'made', 'made', 'made']);
});

it('refuses what finds the queue full with 503 and Retry-After', async () => {
  const queue = createWorkQueue({ running: 1, waiting: 1 });
  const [first, second, third] = [piece(), piece(), piece()];
  const results = [queue.run(never, first.work), queue.run(never, second.work)];
  await expect(queue.run(never, third.work)).rejects.toMatchObject({
    status: 503,
    code: 'busy',
    headers: { 'retry-after': '2' },
  });
  first.end();
  second.end();
  await Promise.all(results);
  expect(third.began()).toBe(false);
});

it('never begins the work of a client that has left while it waited, and gives its place away', async () => {
  const queue = createWorkQueue({ running: 1, waiting: 1 });
  const [first, second, third] = [piece(), piece(), piece()];
  const running = queue.run(never, first.work);
  const client = new AbortController();
  const waiting = queue.run(client.signal, second.work);
  client.abort(new Error('the client left'));
  await expect(waiting).rejects.toThrow('the client left');
  const later = queue.run(never, third.work);
  first.end();
  third.end();
  expect(await Promise.all([running, later])).toEqual(['made', 'made']);
  expect(second.began()).toBe(false);
});

it('goes on after work that fails', async () => {
  const queue = createWorkQueue({ running: 1, waiting: 1 });
  const fail = () => Promise.reject(new Error('broken'));
  await expect(queue.run(never, fail)).rejects.toThrow('broken');
  const next = piece();
  const result = queue.run(never, next.work);
  next.end();
  expect(await result).toBe('made');
});
