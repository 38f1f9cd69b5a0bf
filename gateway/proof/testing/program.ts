import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A temporary folder that goes with the test. @param files by their path in it */
export async function temporaryFolder(
  files: Readonly<Record<string, string | Buffer>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portway-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** The path of a `gateway.config.yaml` in a folder of its own, with other files beside it. */
export async function configFile(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  return join(await temporaryFolder({ 'gateway.config.yaml': yaml, ...files }), 'gateway.config.yaml');
}

/** Writes a CommonJS program into a folder of its own. @returns the shell command line that runs it. */
export async function program(source: string): Promise<string> {
  const file = join(await temporaryFolder(), 'program.cjs');
  await writeFile(file, source);
  return `'${process.execPath}' '${file}'`;
}

/** A service in one line: listens on PORT, and answers every request with its process id. */
export const listening = `require('node:http').createServer((_, answer) => answer.end(String(process.pid))).listen(process.env.PORT, '127.0.0.1');`;
