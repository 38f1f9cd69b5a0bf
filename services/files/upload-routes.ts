import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { Server, type Upload } from '@tus/server';
import type { FastifyInstance } from 'fastify';
import type { Logger } from '../kit/log.ts';
import { createMutex } from '../kit/mutex.ts';
import { Problem } from '../kit/problem.ts';
import { publicPrefix } from '../kit/public-address.ts';
import type { FileStore } from './file-store.ts';
import { badPath, type Location, parseLocation } from './location.ts';
import { openUploadRecords } from './upload-records.ts';
import { UploadStore } from './upload-store.ts';

export interface UploadParts {
  readonly dataDir: string;
  readonly store: FileStore;
  readonly fileMaxBytes: number;
  readonly log: Logger;
}

const path = '/_uploads';
const keepMs = 7 * 24 * 3600 * 1000;
const sweepMs = 3600 * 1000;
const idPattern = /^[0-9a-f]{32}$/;

/**
 * Resumable uploads by the tus protocol at `/_uploads`. The metadata's `path` (or `filename`) says where in the tree
 * the file will stand; it appears there when it is whole. Returns what frees the records and the timer.
 */
export async function addUploadRoutes(app: FastifyInstance, parts: UploadParts): Promise<() => void> {
  const folder = join(parts.dataDir, 'uploads');
  await mkdir(folder, { recursive: true });
  const records = openUploadRecords(parts.dataDir);
  const uploads = new UploadStore(folder, records, keepMs);
  const settle = createSettler(uploads, parts.store);
  const tus = createTusServer(uploads, settle, parts);
  const handler = async (
    request: Parameters<Server['handle']>[0],
    response: Parameters<Server['handle']>[1],
  ) => {
    try {
      await tus.handle(request, response);
    } catch (error) {
      parts.log.error({ err: error }, 'a resumable upload failed');
      response.destroy();
    }
  };
  for (const url of [path, `${path}/:id`]) {
    app.route({
      method: ['POST', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS'],
      url,
      handler(request, reply) {
        reply.hijack();
        void handler(request.raw, reply.raw);
      },
    });
  }
  const sweep = () =>
    uploads.deleteExpired().catch((error) => parts.log.error({ err: error }, 'sweeping failed'));
  await sweep();
  const timer = setInterval(sweep, sweepMs);
  return () => {
    clearInterval(timer);
    records.close();
  };
}

function createTusServer(
  uploads: UploadStore,
  settle: (id: string) => Promise<void>,
  parts: UploadParts,
): Server {
  return new Server({
    path,
    datastore: uploads,
    maxSize: parts.fileMaxBytes,
    // Pages of other origins have no business here; without this the library lets all of them in.
    allowedOrigins: () => false,
    namingFunction: () => randomBytes(16).toString('hex'),
    getFileIdFromRequest: (_request, last) => (last !== undefined && idPattern.test(last) ? last : undefined),
    generateUrl: (request, { id }) => `${publicPrefix(headersOf(request.headers))}${path}/${id}`,
    async onUploadCreate(_request, upload) {
      await parts.store.check(locationOf(upload.metadata));
      return {};
    },
    // A crash may come between the last byte and the move to the tree; the next request for the offset completes the move.
    onIncomingRequest: async (request, id) => (request.method === 'HEAD' ? settle(id) : undefined),
    async onUploadFinish(_request, upload) {
      await settle(upload.id);
      return {};
    },
    onResponseError: (_request, error) =>
      error instanceof Problem ? { status_code: error.status, body: `${error.message}\n` } : undefined,
  });
}

/** Moves an upload that is whole to its place in the tree, once. */
function createSettler(uploads: UploadStore, store: FileStore): (id: string) => Promise<void> {
  const mutex = createMutex();
  return (id) =>
    mutex.run(async () => {
      const record = uploads.records.get(id);
      if (!record || record.finished || record.size === null) return;
      const upload: Upload = await uploads.getUpload(id);
      if (upload.offset !== record.size) return;
      await store.adopt(uploads.pathOf(id), locationOf(record.metadata), () => undefined);
      uploads.records.finish(id);
    });
}

/** @throws Problem 400 where the metadata names no place in the tree. */
function locationOf(metadata: Upload['metadata']): Location {
  const name = metadata?.path ?? metadata?.filename;
  if (!name) throw badPath('the upload has neither "path" nor "filename" in its Upload-Metadata');
  const location = parseLocation(`/${name.replace(/^\//, '').split('/').map(encodeURIComponent).join('/')}`);
  if (location.folder) throw badPath('a file has no slash at its end');
  return location;
}

function headersOf(headers: Headers): IncomingHttpHeaders {
  return Object.fromEntries(headers.entries());
}
