import { expect, onTestFinished, test } from 'vitest';
import { runs } from './process-facts.ts';
import { complaintIn, Processes } from './processes.ts';

function someProcesses(): Processes {
  const processes = new Processes();
  onTestFinished(() => processes.killAll());
  return processes;
}

function node(code: string): [string, ...string[]] {
  return [process.execPath, '-e', code];
}

test('a process that heeds SIGTERM ends by it', async () => {
  const started = await someProcesses().start(node('setInterval(() => {}, 1e6)'));
  expect(await started.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  expect(started.end).toBe('signal SIGTERM');
  expect(runs(started.pid)).toBe(false);
});

test('a process that ignores SIGTERM is killed together with its own children', async () => {
  const idle = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6);';
  const parent = `const worker = require('node:child_process').spawn(process.execPath, ['-e', '${idle}']);
    ${idle} console.log(worker.pid);`;
  const started = await someProcesses().start(node(parent));
  await expect.poll(() => started.stdout, { timeout: 10_000 }).toMatch(/^\d+\n$/);
  expect(await started.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
  await expect.poll(() => runs(Number(started.stdout))).toBe(false);
});

test('nothing is started any more once all have been ended', async () => {
  const processes = someProcesses();
  const started = await processes.start(node('setInterval(() => {}, 1e6)'));
  await processes.stopAll();
  expect(runs(started.pid)).toBe(false);
  await expect(processes.start(node(''))).rejects.toThrow('all is ending');
});

test('a program that does not exist is an error that names it', async () => {
  await expect(someProcesses().start(['./no-such-program'])).rejects.toThrow('no-such-program');
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
