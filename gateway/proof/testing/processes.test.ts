import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { Children, complaintIn } from '../bench/children.ts';

function someChildren(): Children {
  const children = new Children(200);
  onTestFinished(() => children.endAll());
  return children;
}

function node(code: string): [string, ...string[]] {
  return [process.execPath, '-e', code];
}

/** A zombie, which nobody has collected yet, doesn't run any more. */
function runs(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('a child that heeds SIGTERM ends by it', async () => {
  const children = someChildren();
  const child = await children.start(node('setInterval(() => {}, 1e6)'), { cpu: null });
  await children.end(child);
  expect(await child.ended).toBe('signal SIGTERM');
  expect(runs(child.pid)).toBe(false);
});

test('a child that ignores SIGTERM is killed together with its own children', async () => {
  const children = someChildren();
  const idle = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6);';
  const parent = `const worker = require('node:child_process').spawn(process.execPath, ['-e', '${idle}']);
    ${idle} console.log(worker.pid);`;
  const child = await children.start(node(parent), { cpu: null, capture: true });
  await expect.poll(() => child.stdout(), { timeout: 10_000 }).toMatch(/^\d+\n$/);
  await children.end(child);
  expect(await child.ended).toBe('signal SIGKILL');
  await expect.poll(() => runs(Number(child.stdout()))).toBe(false);
});

test('nothing is started any more once all have been ended', async () => {
  const children = someChildren();
  const child = await children.start(node('setInterval(() => {}, 1e6)'), { cpu: null });
  await children.endAll();
  expect(runs(child.pid)).toBe(false);
  await expect(children.start(node(''), { cpu: null })).rejects.toThrow('the benchmark is ending');
});

test('a program that does not exist is an error that names it', async () => {
  await expect(someChildren().start(['./no-such-program'], { cpu: null })).rejects.toThrow('no-such-program');
});

test.each([
  ['', 'it said nothing on stderr'],
  ['starting\nnginx: [emerg] bind() failed\nbye\n', 'nginx: [emerg] bind() failed'],
  ['one\ntwo\n\n', 'two'],
  ['no such file\n(node:1) Warning: x\n(Use `node --trace-warnings ...` to see)\n', 'no such file'],
  ["Error: Cannot find module '/home/me/gateway/main.ts'\n", "Error: Cannot find module 'main.ts'"],
  ['error on http://127.0.0.1:3000/svc/small', 'error on http://127.0.0.1:3000/svc/small'],
])('of %j the complaint is %j', (stderr, complaint) => {
  expect(complaintIn(stderr)).toBe(complaint);
});
