import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { basename, extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import mime from 'mime';
import { Problem } from '../kit/problem.ts';
import { type DigestCache, digestOf, wantsDigest } from './digest.ts';
import { fileNotFound } from './file-store.ts';
import { isMissing } from './tree.ts';
import { etagOf, isNotModified, lastModifiedOf, rangeStillFits } from './validators.ts';

/** Answers GET and HEAD of a file: whole, in part, or "not modified". What is sent is the file as it was when opened. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  digests: DigestCache,
): Promise<void> {
  const handle = await openRegularFile(path);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw fileNotFound();
    const range = rangeOf(request, stats);
    const headers = { ...(await metadata(request, handle, stats, digests)), ...describe(path, stats, range) };
    reply.hijack();
    if (isNotModified(request.headers, stats)) return finish(reply, 304, withoutContent(headers));
    const status = range ? 206 : 200;
    if (request.method === 'HEAD' || stats.size === 0n) return finish(reply, status, headers);
    reply.raw.writeHead(status, headers);
    await sendBytes(handle, range ?? { first: 0, last: Number(stats.size) - 1 }, reply);
  } finally {
    await handle.close();
  }
}

async function openRegularFile(path: string): Promise<FileHandle> {
  try {
    // O_NONBLOCK: opening a FIFO would wait for its writer. O_NOFOLLOW: the last segment may have become a link.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ELOOP') throw fileNotFound();
    throw error;
  }
}

/** A range is for GET alone (RFC 9110 §14.2), and only where it fits what the client has. */
function rangeOf(request: FastifyRequest, stats: BigIntStats): ByteRange | null {
  if (request.method !== 'GET' || !rangeStillFits(request.headers, stats)) return null;
  return isNotModified(request.headers, stats) ? null : parseRange(request.headers.range, Number(stats.size));
}

async function metadata(
  request: FastifyRequest,
  handle: FileHandle,
  stats: BigIntStats,
  digests: DigestCache,
): Promise<OutgoingHttpHeaders> {
  const etag = etagOf(stats);
  let digest = digests.get(etag);
  if (digest === undefined && wantsDigest(request.headers)) {
    digest = await digestOf(handle);
    digests.set(etag, digest);
  }
  return { etag, 'last-modified': lastModifiedOf(stats), ...(digest ? { 'repr-digest': digest } : {}) };
}

function describe(path: string, stats: BigIntStats, range: ByteRange | null): OutgoingHttpHeaders {
  const size = Number(stats.size);
  return {
    'content-type': contentTypeOf(basename(path)),
    'content-length': range ? range.last - range.first + 1 : size,
    ...(range ? { 'content-range': `bytes ${range.first}-${range.last}/${size}` } : {}),
    'accept-ranges': 'bytes',
    'cache-control': 'no-cache',
    // Strangers' files share an origin with the pages of every service: they must not run there.
    'content-security-policy':
      "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'",
    'x-content-type-options': 'nosniff',
  };
}

function withoutContent(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const { 'content-length': _length, 'content-type': _type, ...rest } = headers;
  return rest;
}

function finish(reply: FastifyReply, status: number, headers: OutgoingHttpHeaders): void {
  reply.raw.writeHead(status, headers).end();
}

async function sendBytes(handle: FileHandle, range: ByteRange, reply: FastifyReply): Promise<void> {
  const stream = handle.createReadStream({ start: range.first, end: range.last });
  try {
    await pipeline(stream, reply.raw);
  } catch {
    // The head is sent already: breaking the connection tells the client that the content is incomplete.
    reply.raw.destroy();
  }
}

/** By the extension alone: what an uploader claims is not believed, and nothing is guessed from the bytes. */
function contentTypeOf(name: string): string {
  const type = mime.getType(extname(name)) ?? 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}

/** Both ends belong to it, counted from 0. */
interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * One range of `Range: bytes=…`, clipped to the size. `null`: answer with the whole; that is what several ranges,
 * another unit and broken syntax get (RFC 9110 §14.2 lets a server ignore the field).
 * @throws Problem 416 for a range that begins behind the end.
 */
function parseRange(header: string | undefined, size: number): ByteRange | null {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') return suffix(Number(last), size);
  if (last !== '' && Number(last) < Number(first)) return null;
  if (Number(first) >= size) throw unsatisfiable(size);
  return { first: Number(first), last: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

function suffix(length: number, size: number): ByteRange {
  if (length === 0 || size === 0) throw unsatisfiable(size);
  return { first: Math.max(0, size - length), last: size - 1 };
}

function unsatisfiable(size: number): Problem {
  return new Problem(
    416,
    'range_not_satisfiable',
    `The file has ${size} bytes; the range begins behind its end.`,
    {
      headers: { 'content-range': `bytes */${size}` },
    },
  );
}
