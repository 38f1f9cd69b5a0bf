import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { RequestPath } from '../bench/request-path-program.ts';

const PROGRAM = fileURLToPath(new URL('../bench/request-path-program.ts', import.meta.url));

/** A budget, not a goal (docs/decisions/0063-one-exchange.md): what makes the path longer has to say so here. */
test.each([
  ['wire', { calls: 227, files: 33, folders: 9 }],
  // Two of them are the overridden `writeHead` and `end` of a response (listener/counted-response.ts).
  ['general', { calls: 285, files: 43, folders: 10 }],
])('one small GET in the %s lane passes no more of the house than it did', async (lane, most) => {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, lane]);
  const { calls, files, folders }: RequestPath = JSON.parse(stdout);
  expect(calls).toBeLessThanOrEqual(most.calls);
  expect(files.length, files.join('\n')).toBeLessThanOrEqual(most.files);
  expect(folders.length, folders.join('\n')).toBeLessThanOrEqual(most.folders);
  // What is not counted is not held.
  expect(files).toContain('proxy/exchange.ts');
});
