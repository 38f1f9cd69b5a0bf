import type { FastifyInstance } from 'fastify';
import { createCommitQueue } from '../kit/commit-queue.ts';
import { httpService } from '../kit/http-service.ts';
import { addPageFiles } from '../kit/page.ts';
import { addResource } from '../kit/resource.ts';
import type { Service, ServiceParts } from '../kit/service.ts';
import { createWebApp } from '../kit/web-app.ts';
import { createCatalogue } from './catalogue.ts';
import { createCodec } from './codec.ts';
import { openDatabase } from './database.ts';
import { type DeliveryParts, sendImage } from './delivery.ts';
import { readImageLimits } from './limits.ts';
import { sendListing } from './listing.ts';
import { parseName } from './name.ts';
import { openOriginalFolder } from './original-folder.ts';
import { createOriginalStore } from './original-store.ts';
import { makeSamples } from './samples.ts';
import { checkOf, postImage, putImage, type UploadParts } from './upload.ts';
import { createWorkQueue } from './work-queue.ts';

/** The CDN's origin: images as they were uploaded, and every size and encoding of them that a URL asks for. */
export async function createImageService(parts: ServiceParts): Promise<Service> {
  const { dataDir } = parts.environment;
  const limits = readImageLimits(process.env);
  const database = openDatabase(dataDir);
  const catalogue = createCatalogue(database);
  const queue = createCommitQueue(database);
  const folder = await openOriginalFolder(dataDir);
  const strays = await folder.putAside(catalogue.files());
  if (strays > 0)
    parts.log.warn({ files: strays, folder: 'lost' }, 'originals without an entry were put aside');
  const store = createOriginalStore({ catalogue, folder, queue });
  const codec = createCodec(limits);
  const work = createWorkQueue(limits);
  if (limits.samples) await makeSamples({ catalogue, folder, store, queue, codec });
  const app = createWebApp({ log: parts.log });
  addPageFiles(app, `${import.meta.dirname}/page`);
  addImageRoutes(app, { ...limits, store, folder, codec, work });
  await app.ready();
  return httpService(app.server, parts, {
    async close() {
      await queue.idle();
      database.close();
    },
  });
}

function addImageRoutes(app: FastifyInstance, parts: UploadParts & DeliveryParts): void {
  const { store } = parts;
  addResource(app, '/', {
    GET: (request, reply) => sendListing(store, request, reply),
    POST: (request, reply) => postImage(parts, request, reply),
  });
  addResource(app, '/:name', {
    GET: (request, reply) => sendImage(parts, parseName(request.raw.url ?? ''), request, reply),
    HEAD: (request, reply) => sendImage(parts, parseName(request.raw.url ?? ''), request, reply),
    PUT: (request, reply) => putImage(parts, parseName(request.raw.url ?? ''), request, reply),
    async DELETE(request, reply) {
      await store.remove(parseName(request.raw.url ?? ''), checkOf(request));
      return reply.code(204).send();
    },
  });
}
