import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { bodyChunks } from '../kit/body.ts';
import { digestField, requireDigest } from './digest.ts';

export interface ReceivedFile {
  readonly path: string;
  readonly bytes: number;
  /** As `Repr-Digest` writes it. */
  readonly digest: string;
}

/**
 * Streams a request body into a new file at `path`, and has it on the disk before it resolves. Whatever ends it early
 * (the client leaves, the disk is full, the limit is passed, the digest differs) removes the file again.
 */
export async function receiveFile(
  request: IncomingMessage,
  path: string,
  maxBytes: number,
): Promise<ReceivedFile> {
  const handle = await open(path, 'wx');
  try {
    const received = await copyBody(request, handle, maxBytes);
    requireDigest(request.headers, received.digest);
    await handle.sync();
    return { path, ...received };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function copyBody(request: IncomingMessage, handle: FileHandle, maxBytes: number) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of bodyChunks(request, maxBytes)) {
    bytes += chunk.length;
    hash.update(chunk);
    await writeAll(handle, chunk);
  }
  return { bytes, digest: digestField(hash.digest()) };
}

/** A write may take less than it was given, most of all when the disk gets full. */
async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    offset += (await handle.write(chunk, offset)).bytesWritten;
  }
}
