import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A temporary folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portway-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a CommonJS program into a folder of its own. @returns the shell command line that runs it. */
export async function program(source: string): Promise<string> {
  const file = join(await temporaryFolder(), 'program.cjs');
  await writeFile(file, source);
  return `'${process.execPath}' '${file}'`;
}

/** A service in one line: listens on PORT, and answers every request with its process id. */
export const listening = `require('node:http').createServer((_, answer) => answer.end(String(process.pid))).listen(process.env.PORT, '127.0.0.1');`;
