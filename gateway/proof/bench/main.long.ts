import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { BenchResult } from './result.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portway-bench-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Runs the benchmark with a temporary folder of its own, by which its processes and files are found afterwards. */
function bench(...argv: string[]) {
  const folder = temporaryFolder();
  const run = spawn(process.execPath, [main, ...argv], { env: { ...process.env, TMPDIR: folder } });
  onTestFinished(() => void run.kill('SIGKILL'));
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

async function untilLine(run: ReturnType<typeof spawn>, pattern: RegExp): Promise<void> {
  for await (const line of createInterface({ input: run.stdout! })) if (pattern.test(line)) return;
  throw new Error(`it ended without a line that matches ${pattern}`);
}

test('a peer is measured, and every measurement is written to the file', async () => {
  const json = join(temporaryFolder(), 'out.json');
  const small = ['--only', 'undici.dispatch', '--case', 'small', '--seconds', '1', '--rounds', '1'];
  const { run, folder } = bench(...small, '--json', json);
  const [code] = await once(run, 'exit');
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
    const { run, folder } = bench('--only', 'undici.dispatch', '--case', 'small', '--seconds', '600');
    await untilLine(run, /1 peers/);
    await expect.poll(() => processesWith(folder).length, { timeout: 15_000 }).toBeGreaterThan(2);
    run.kill(signal);
    const [code] = await once(run, 'exit');
    expect(code).toBe(130);
    expect(processesWith(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('wrong usage is answered with the usage and exit code 2', async () => {
  const { run } = bench('--only', 'nobody');
  const stderr = run.stderr!.setEncoding('utf8').toArray();
  const [code] = await once(run, 'exit');
  expect(code).toBe(2);
  expect((await stderr).join('')).toContain('--quick');
});
