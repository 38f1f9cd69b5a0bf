import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** 100 MiB in pieces of 64 KiB, of which every hundredth stays: malloc keeps the rest, and a trim gives it back. */
const program = `
  import { readFileSync } from 'node:fs';
  import { systemTrim } from '${new URL('./freed-memory.ts', import.meta.url).href}';
  const resident = () => Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  const trim = systemTrim();
  let pieces = Array.from({ length: 1600 }, () => Buffer.alloc(65536 - 64, 1));
  const kept = pieces.filter((_, at) => at % 100 === 99);
  pieces = null;
  // V8 frees what it has collected on a thread of its own.
  while (process.memoryUsage().arrayBuffers > 8 * 1024 * 1024) {
    gc();
    await new Promise(setImmediate);
  }
  const before = resident();
  trim();
  console.log(JSON.stringify({ given: before - resident(), kept: kept.length }));
`;

test.runIf(hasFfi())(
  'freed memory between pieces in use goes back to the system, without a warning',
  async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      '--input-type=module',
      '--eval',
      program,
    ]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).given).toBeGreaterThan(30 * 1024 * 1024);
  },
);

function hasFfi(): boolean {
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } })
    .header;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return glibcVersionRuntime !== undefined && (major > 26 || (major === 26 && minor >= 10));
}
