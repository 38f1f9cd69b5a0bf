import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const folder = fileURLToPath(new URL('./', import.meta.url));

interface Packed {
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

test('the packed tarball has the README, the licence and the program, and nothing of the proof', async () => {
  const destination = await mkdtemp(join(tmpdir(), 'portway-pack-'));
  onTestFinished(() => rm(destination, { recursive: true }));
  const args = ['pack', '--json', '--silent', '--pack-destination', destination];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: folder });
  // npm 11 answers a list, npm 12 an object by name.
  const [packed] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<string, Packed>);
  const paths = packed!.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'README.md',
      'LICENSE',
      'bin/portway.js',
      'dist/main.js',
      'dist/portway.js',
      'dist/portway.d.ts',
    ]),
  );
  expect(paths.filter((path) => /\.(test|long)\.|^dist\/proof\//.test(path))).toEqual([]);
  expect(packed!.size).toBeLessThan(500_000);
  // The copies are for the tarball alone.
  expect(['README.md', 'LICENSE'].filter((file) => existsSync(join(folder, file)))).toEqual([]);
}, 240_000);
