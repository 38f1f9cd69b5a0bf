import { expect, test } from 'vitest';
import { validate } from './validate.ts';
import { validateInThread } from './validation-thread.ts';

const manyRoutes = (count: number) =>
  `timeouts: { response: 10s }\nroutes:\n${Array.from({ length: count }, (_, i) => `  /r${i}: { to: [${1000 + i}, "db:${1000 + i}"], health: /x }\n`).join('')}`;

test('a thread comes to the same configuration', async () => {
  const text = manyRoutes(1234);
  const verdict = await validateInThread({ text, file: 'a.yaml', env: {} });
  expect(verdict.ok && verdict.config.routes.length).toBe(1234);
  expect(verdict).toEqual(await validate({ text, file: 'a.yaml', env: {} }));
});

test('a thread comes to the same problems, and knows the environment', async () => {
  const text = `${manyRoutes(100)}  /a: { to: 3001, health: healthz }\n  /b: \${PORT}\n  /b: 1\n`;
  const verdict = await validateInThread({ text, file: 'a.yaml', env: { PORT: '99999' } });
  expect(verdict).toEqual(await validate({ text, file: 'a.yaml', env: { PORT: '99999' } }));
  expect(!verdict.ok && verdict.problems.length).toBe(3);
});

test.each([
  ['memory', { memoryMb: 4, deadlineMs: 60_000 }, 'one that takes more than 4 MiB to read'],
  ['time', { memoryMb: 1024, deadlineMs: 1 }, 'one that is not read within 0.001 s'],
])('a file that takes too much %s is refused', async (_what, limits, found) => {
  const verdict = await validateInThread({ text: manyRoutes(9_000), file: 'a.yaml', env: {} }, limits);
  expect(!verdict.ok && verdict.problems).toMatchObject([{ file: 'a.yaml', found }]);
});

test('a file whose thread can not begin is refused, not validated on the loop', async () => {
  // No such heap is to be had.
  const verdict = await validateInThread({
    text: manyRoutes(9),
    file: 'a.yaml',
    env: { odd: (() => {}) as unknown as string },
  });
  expect(!verdict.ok && verdict.problems).toMatchObject([
    { file: 'a.yaml', found: expect.stringMatching(/^none: the thread that reads it ended early \(/) },
  ]);
});

test('requests do not wait for a large file', { timeout: 30_000 }, async () => {
  const text = manyRoutes(5_000);
  let longestMs = 0;
  let before = cpuMs();
  const ticking = setInterval(() => {
    longestMs = Math.max(longestMs, cpuMs() - before);
    before = cpuMs();
  }, 1);
  await validateInThread({ text, file: 'a.yaml', env: {} });
  clearInterval(ticking);
  before = cpuMs();
  await validate({ text, file: 'a.yaml', env: {} });
  // What this thread has to do at one go is a small part of what it would have, however busy the machine is.
  expect(longestMs).toBeLessThan((cpuMs() - before) / 3);
});

/** That this thread alone has used. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
