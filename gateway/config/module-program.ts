/** The thread of `module.ts`. */

import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { FileContent } from '../files/content.ts';
import { contentOfObject } from './object-content.ts';

const FRAMES_SHOWN = 5;
const AS_MODULE = 'let package.json say "type": "module", or let the name of the file end in .mts or .mjs';

const { file } = workerData as { readonly file: string };
parentPort!.postMessage(await read(file));

async function read(path: string): Promise<FileContent> {
  try {
    const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const config = await module.default;
    if (config !== undefined) return contentOfObject(config);
    const hint = 'it begins with: export default { routes: { "/db": 3001 } }';
    return refusal('one without a default export', hint);
  } catch (cause) {
    const found = messageOf(cause);
    return refusal(
      found,
      /outside a module|Unexpected token 'export'/.test(found) ? AS_MODULE : framesOf(cause),
    );
  }
}

function refusal(found: string, hint: string | null): FileContent {
  return { ok: false, expected: 'a module that gives a configuration', found, hint, hash: '' };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : `${cause}, thrown`;
}

/** Where it happened, in files of the user's: neither Node's nor those of packages. */
function framesOf(cause: unknown): string | null {
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  const places = Array.from(stack.matchAll(/file:\/\/[^\s)]+/g), ([url]) => url)
    .filter((url) => !url.includes('/node_modules/') && !url.startsWith(import.meta.url))
    .map(shown);
  const frames = [...new Set(places)].slice(0, FRAMES_SHOWN);
  return frames.length === 0 ? null : `at ${frames.join(', at ')}`;
}

/** `gateway.config.ts:3:9` */
function shown(url: string): string {
  const [, address = url, position = ''] = /^(.*?)((?::\d+){0,2})$/.exec(url) ?? [];
  return `${relative(process.cwd(), fileURLToPath(address))}${position}`;
}
