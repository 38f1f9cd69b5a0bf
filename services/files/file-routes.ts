import { rm } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../kit/problem.ts';
import { publicPrefix } from '../kit/public-address.ts';
import { addResource } from '../kit/resource.ts';
import type { DigestCache } from './digest.ts';
import { sendFile } from './download.ts';
import { type FileStore, fileNotFound } from './file-store.ts';
import { sendFolder } from './folder-listing.ts';
import { badPath, encodeLocation, type Location, parseDestination, parseLocation } from './location.ts';
import { receiveFile } from './receive.ts';
import { storageProblem } from './storage-problem.ts';
import { type FileTree, newTemporaryPath, pathOf } from './tree.ts';
import { etagOf, requireUnchanged } from './validators.ts';

export interface FileParts {
  readonly tree: FileTree;
  readonly store: FileStore;
  readonly digests: DigestCache;
  readonly fileMaxBytes: number;
}

/** Every path but the service's own is a file or a folder; MKCOL and MOVE are WebDAV's (RFC 4918 §9.3, §9.9). */
export function addFileRoutes(app: FastifyInstance, parts: FileParts): void {
  app.addHttpMethod('MKCOL', { hasBody: true });
  app.addHttpMethod('MOVE', { hasBody: true });
  addResource(app, '/*', {
    GET: (request, reply) => read(parts, request, reply),
    HEAD: (request, reply) => read(parts, request, reply),
    PUT: (request, reply) => upload(parts, request, reply),
    DELETE: (request, reply) => remove(parts, request, reply),
    MKCOL: (request, reply) => makeFolder(parts, request, reply),
    MOVE: (request, reply) => move(parts, request, reply),
  });
}

function locationOf(request: FastifyRequest): Location {
  return parseLocation(request.raw.url ?? '');
}

function publicPath(request: FastifyRequest, location: Location): string {
  return publicPrefix(request.headers) + encodeLocation(location);
}

async function read(parts: FileParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const location = locationOf(request);
  const stats = await parts.store.stat(location);
  if (!stats || (stats.isFile() && location.folder)) throw fileNotFound();
  if (stats.isFile()) return sendFile(request, reply, pathOf(parts.tree, location), parts.digests);
  if (location.folder || location.segments.length === 0)
    return sendFolder(parts.tree, location, request, reply);
  // Relative links of the listing need the slash.
  return reply
    .code(308)
    .header('location', publicPath(request, { ...location, folder: true }))
    .send();
}

async function upload(parts: FileParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const location = locationOf(request);
  if (location.folder) throw badPath('a file has no slash at its end; MKCOL makes a folder');
  if (request.headers['content-range'] !== undefined) {
    // RFC 9110 §14.5: taking a part for the whole would destroy the file.
    throw new Problem(400, 'partial_put', 'PUT takes a whole file. Resumable uploads are at /_uploads/.');
  }
  const check = (current: Parameters<typeof requireUnchanged>[1]) =>
    requireUnchanged(request.headers, current);
  check(await parts.store.stat(location));
  await parts.store.check(location);
  const received = await receiveFile(request.raw, newTemporaryPath(parts.tree), parts.fileMaxBytes).catch(
    (error) => {
      throw storageProblem(error);
    },
  );
  try {
    const { created, stats } = await parts.store.adopt(received.path, location, check);
    parts.digests.set(etagOf(stats), received.digest);
    if (created) reply.code(201).header('location', publicPath(request, location));
    reply.header('etag', etagOf(stats)).header('repr-digest', received.digest);
    return reply.send({ path: publicPath(request, location), size: received.bytes });
  } finally {
    await rm(received.path, { force: true });
  }
}

async function remove(parts: FileParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const recursive = new URLSearchParams(request.raw.url?.split('?')[1]).get('recursive') === 'true';
  await parts.store.remove(locationOf(request), { recursive }, (current) =>
    requireUnchanged(request.headers, current),
  );
  return reply.code(204).send();
}

async function makeFolder(
  parts: FileParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const location = { ...locationOf(request), folder: true };
  if (location.segments.length === 0) throw badPath('the root is there already');
  await parts.store.makeFolder(location);
  return reply.code(201).header('location', publicPath(request, location)).send();
}

async function move(parts: FileParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const to = parseDestination(request.headers);
  const { created } = await parts.store.move(locationOf(request), to, (target) => {
    if (!target || request.headers.overwrite !== 'F') return;
    throw new Problem(412, 'exists', 'There is something at the destination, and "Overwrite: F" keeps it.');
  });
  return reply
    .code(created ? 201 : 204)
    .header('location', publicPath(request, to))
    .send();
}
