import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../kit/problem.ts';

/** `sha-256=:…:`, the form of `Repr-Digest` and `Content-Digest` (RFC 9530 §2). */
export function digestField(sha256: Buffer): string {
  return `sha-256=:${sha256.toString('base64')}:`;
}

/** Hashes of files by ETag, so that a file is read once for it at most. The oldest go first. */
export interface DigestCache {
  get(etag: string): string | undefined;
  set(etag: string, field: string): void;
}

const entriesMax = 10_000;

export function createDigestCache(): DigestCache {
  const entries = new Map<string, string>();
  return {
    get: (etag) => entries.get(etag),
    set(etag, field) {
      entries.set(etag, field);
      const oldest = entries.keys().next().value;
      if (entries.size > entriesMax && oldest !== undefined) entries.delete(oldest);
    },
  };
}

/** Whether the client asks for `Repr-Digest` with SHA-256: `Want-Repr-Digest: sha-256=5` (RFC 9530 §4). */
export function wantsDigest(headers: IncomingHttpHeaders): boolean {
  return /(?:^|[\s,])sha-256=(?:10|[1-9])(?:$|[\s,;])/.test(String(headers['want-repr-digest'] ?? ''));
}

/** Reads a file from its beginning to its end, whatever was read of it before. */
export async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return digestField(hash.digest());
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

/**
 * Compares what arrived with what the client announced. Without a content coding both fields mean the same bytes.
 * @throws Problem 400 where they differ; a digest by another algorithm than SHA-256 is not looked at.
 */
export function requireDigest(headers: IncomingHttpHeaders, received: string): void {
  for (const name of ['repr-digest', 'content-digest']) {
    const announced = /sha-256=:[A-Za-z0-9+/=]*:/.exec(String(headers[name] ?? ''))?.[0];
    if (announced === undefined || announced === received) continue;
    throw new Problem(400, 'digest_differs', `${name} says ${announced}, but what arrived has ${received}.`);
  }
}
