/**
 * Bundles the program's 600 files into the few that the suite starts its processes from: a start costs two thirds of the CPU. The long tests and
 * the tools start the source. The bundle lies in `gateway/dist`, as far from the dashboard and package.json as the source of a room.
 */

import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';

const FOLDER = fileURLToPath(new URL('../gateway/dist', import.meta.url));
/** A run ends long before. */
const RUN_MAX_MS = 3_600_000;

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
  // Another run in this clone may start processes meanwhile: no file is ever half there, and the entries come after the parts that they import.
  const made = outputFiles.map(({ path, text }) => ({ name: basename(path), text }));
  for (const { name, text } of made.sort((a, b) => Number(isPart(b.name)) - Number(isPart(a.name)))) {
    const unfinished = join(FOLDER, `${name}.${process.pid}`);
    await writeFile(unfinished, text);
    await rename(unfinished, join(FOLDER, name));
  }
  await removeOld();
}

function isPart(name: string): boolean {
  return name.startsWith('part-');
}

/** Processes of another run may load older parts until that run ends. `npm pack` leaves folders here. */
async function removeOld(): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    const path = join(FOLDER, name);
    const writtenMs = (await stat(path).catch(() => null))?.mtimeMs ?? 0;
    if (Date.now() - writtenMs > RUN_MAX_MS) await rm(path, { force: true, recursive: true });
  }
}
