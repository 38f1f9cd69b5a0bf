import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { temporaryFolder } from '../testing/program.ts';
import type { BenchResult } from './result.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Runs the benchmark with a temporary folder of its own, by which its processes and files are found afterwards. */
async function bench(...argv: string[]) {
  const folder = await temporaryFolder();
  const processes = new Processes();
  onTestFinished(() => processes.killAll());
  const run = await processes.start([process.execPath, main, ...argv], { env: { TMPDIR: folder } });
  return { run, folder };
}

function processesWith(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${folder}`);
    } catch {
      return false;
    }
  });
}

test('a peer is measured, and every measurement is written to the file', async () => {
  const json = join(await temporaryFolder(), 'out.json');
  const small = ['--only', 'undici.dispatch', '--case', 'small', '--seconds', '1', '--rounds', '1'];
  const { run, folder } = await bench(...small, '--json', json);
  const { code } = await run.ended;
  const result: BenchResult = JSON.parse(readFileSync(json, 'utf8'));
  expect(code).toBe(0);
  expect(result.samples).toMatchObject([{ case: 'small', peer: 'undici.dispatch', round: 1, problems: [] }]);
  expect(result.samples[0]?.figures?.cpuMicrosecondsPerRequest).toBeGreaterThan(0);
  expect(processesWith(folder)).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s in the middle leaves no process and no file behind',
  async (signal) => {
    const { run, folder } = await bench('--only', 'undici.dispatch', '--case', 'small', '--seconds', '600');
    await until('it measures', () => run.stdout.includes('1 peers'));
    await expect.poll(() => processesWith(folder).length, { timeout: 15_000 }).toBeGreaterThan(2);
    run.signal(signal);
    const { code } = await run.ended;
    expect(code).toBe(130);
    expect(processesWith(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('wrong usage is answered with the usage and exit code 2', async () => {
  const { run } = await bench('--only', 'nobody');
  const { code } = await run.ended;
  expect(code).toBe(2);
  expect(run.stderr).toContain('--quick');
});
