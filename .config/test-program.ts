/**
 * Makes of the program's 600 files the few that the suite starts its processes from: a start costs two thirds of the CPU. The long tests and
 * the tools start the source. They lie in `gateway/dist`, as far from the dashboard and package.json as the source of a room.
 */

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';

const FOLDER = fileURLToPath(new URL('../gateway/dist', import.meta.url));

export default async function setup(project: TestProject): Promise<void> {
  await makeTestProgram();
  // `vitest watch` asks for the newest.
  project.onTestsRerun(makeTestProgram);
}

async function makeTestProgram(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: join(FOLDER, '..'),
    entryPoints: ['main.ts', 'config/module-program.ts', 'config/validation-program.ts'],
    outdir: FOLDER,
    entryNames: '[name]',
    chunkNames: 'part-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node26',
    write: false,
    logLevel: 'warning',
  });
  await mkdir(FOLDER, { recursive: true });
  const made = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  // Another run may have processes start from them: what is the same is not written again.
  for (const [name, text] of made) {
    const path = join(FOLDER, name);
    if ((await readFile(path, 'utf8').catch(() => '')) !== text) await writeFile(path, text);
  }
  for (const name of await readdir(FOLDER))
    if (name.startsWith('part-') && !made.has(name)) await rm(join(FOLDER, name), { force: true });
}
