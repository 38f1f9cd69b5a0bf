/** The bytes of a file at one instant: the hashed bytes are the used ones. */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Origin } from '../model/labels.ts';

export type FileContent =
  | {
      readonly ok: true;
      readonly text: string;
      readonly hash: string;
      /** It was made by code: its lines are in no file. */
      readonly unplaced?: boolean;
      /** Origins beside the file, which ask for routes by labels. */
      readonly origins?: readonly Origin[];
    }
  /** The file is missing, unreadable, too large, no text, or a program that fails; `hash` names this state, so that a change of it is seen. */
  | {
      readonly ok: false;
      /** Default: a readable file. */
      readonly expected?: string;
      /** Follows the expectation, and ", got". */
      readonly found: string;
      /** Where in the configuration; default: all of it. */
      readonly path?: string;
      readonly hint: string | null;
      readonly hash: string;
    };

export const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Reads the file; never throws. A symbolic link is followed anew each time. */
export async function readContent(file: string): Promise<FileContent> {
  try {
    return contentOf(await readAtMost(file, MAX_FILE_BYTES + 1));
  } catch (error) {
    return unreadable(error);
  }
}

/**
 * The text of a file that is needed now. In the place of `readFile` of Node, which waits in `open` for the writer of a pipe: each such wait holds one of
 * the four threads that files, names and passwords share, and not even a file in the pipe's place ends it.
 * @throws Error which names the file and what is there instead
 */
export async function readText(file: string): Promise<string> {
  const content = await readContent(file);
  if (content.ok) return content.text;
  throw new Error(`${file} is ${content.found}`);
}

/** The same beside these containers: others of them are another configuration. */
export function withOrigins(content: FileContent, origins: readonly Origin[]): FileContent {
  if (!content.ok || origins.length === 0) return content;
  const hash = createHash('sha256')
    .update(JSON.stringify([content.hash, origins]))
    .digest('hex');
  return { ...content, origins, hash };
}

/** The content that these bytes are. */
export function contentOf(bytes: Buffer): FileContent {
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (bytes.length > MAX_FILE_BYTES) {
    return refuse('more than 4 MiB', 'is it the right file?', hash);
  }
  if (isUtf16(bytes)) return refuse('UTF-16 text', 'save it as UTF-8', hash);
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), hash };
  } catch {
    return refuse('bytes that are not UTF-8 text', 'save it as UTF-8', hash);
  }
}

/** Sizes can't be trusted: `/proc` reports 0, and a pipe or a growing file has none. */
async function readAtMost(file: string, limit: number): Promise<Buffer> {
  // Opening a pipe without a writer would wait for ever in blocking mode.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(CHUNK_BYTES, limit - total)));
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  if (total === 0 && (await handle.stat()).isFIFO()) throw new EmptyPipe();
  return Buffer.concat(chunks);
}

const CHUNK_BYTES = 64 * 1024;

/** A pipe without a writer is read as an empty file; one with a silent writer fails with this code by itself. */
class EmptyPipe extends Error {
  readonly code = 'EAGAIN';
}

/** By its byte order mark, or by the zero beside the first character, which is ASCII in every configuration. */
function isUtf16(bytes: Buffer): boolean {
  const [first, second] = bytes;
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return marked || first === 0 || second === 0;
}

const BY_CODE: Readonly<Record<string, readonly [found: string, hint: string]>> = {
  ENOENT: ['no file of that name', 'create it, or name another one with --config'],
  EACCES: [
    'a file that may not be read',
    'let the user that runs this read it, and its folders: chown, or chmod',
  ],
  EPERM: [
    'a file that may not be read',
    'let the user that runs this read it, and its folders: chown, or chmod',
  ],
  EISDIR: ['a folder', 'name the file in it'],
  ENOTDIR: ['a path through something that is no folder', 'check the path'],
  EAGAIN: ['a pipe in which nothing is', 'put a file in its place'],
  ENXIO: ['a socket', 'put a file in its place'],
  ELOOP: ['a symbolic link that leads to itself', 'check where it points'],
};

function unreadable(error: unknown): FileContent {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const [found, hint] = BY_CODE[code] ?? [`the error ${code} when reading it`, 'check the file and its disk'];
  return refuse(found, hint, `unreadable:${code}`);
}

function refuse(found: string, hint: string, hash: string): FileContent {
  return { ok: false, found, hint, hash };
}
