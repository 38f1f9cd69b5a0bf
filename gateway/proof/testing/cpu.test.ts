import { expect, onTestFinished, test } from 'vitest';
import { cpuMicroseconds, parseMachineStat, parseProcStat, treeTicks } from './cpu.ts';
import { until } from './poll.ts';
import { Processes } from './processes.ts';

const tail = 'S 41 4242 4242 0 -1 4194560 900 0 0 0 120 30 4 2 20 0 1 0 12345 6000 700';

test.each([
  ['a plain command', `4242 (nginx) ${tail}`],
  ['a command with blanks', `4242 (nginx: worker) ${tail}`],
  ['a command that looks like the fields after it', `4242 (a) R 1 2 (b) ${tail}`],
])('CPU time is read from /proc/<pid>/stat of %s', (_, text) => {
  expect(parseProcStat(text)).toEqual({ pid: 4242, parentPid: 41, ticks: 120 + 30 + 4 + 2 });
});

test.each(['', 'nothing', '4242 (nginx) S 41'])('%j is refused as /proc/<pid>/stat', (text) => {
  expect(() => parseProcStat(text)).toThrow('not a line of /proc/<pid>/stat');
});

test('the time of workers and of their children counts, that of strangers does not', () => {
  const processes = [
    { pid: 1, parentPid: 0, ticks: 1000 },
    { pid: 10, parentPid: 1, ticks: 1 },
    { pid: 11, parentPid: 10, ticks: 20 },
    { pid: 12, parentPid: 11, ticks: 300 },
    { pid: 13, parentPid: 1, ticks: 4000 },
  ];
  expect(treeTicks(processes, 10)).toBe(321);
});

test('a process that computes is seen to use CPU time, and one that is gone is an error that names it', async () => {
  const processes = new Processes();
  onTestFinished(() => processes.killAll());
  const code =
    'const end = Date.now() + 200; while (Date.now() < end); console.log("done"); setInterval(() => {}, 1e6)';
  const busy = await processes.start([process.execPath, '-e', code]);
  await until('it has computed', () => busy.stdout !== '');
  expect(cpuMicroseconds(busy.pid)).toBeGreaterThan(0);
  await busy.kill();
  expect(() => cpuMicroseconds(busy.pid)).toThrow(`process ${busy.pid} is gone`);
});

test('the whole machine is busy with user, nice, system and interrupts, not with waiting and not with guests', () => {
  const text = 'cpu  1 20 300 4000 50000 600000 7000000 80000000 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n';
  expect(parseMachineStat(text)).toBe(1 + 20 + 300 + 600_000 + 7_000_000);
  expect(() => parseMachineStat('intr 1 2 3')).toThrow('not /proc/stat');
});
