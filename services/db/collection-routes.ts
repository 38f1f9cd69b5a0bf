import type { DatabaseSync } from 'node:sqlite';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addPage, prefersPage } from '../kit/page.ts';
import { publicPrefix } from '../kit/public-address.ts';
import { addResource } from '../kit/resource.ts';
import { collectionOf, createDocument, type DocumentParts, sendJson } from './document-routes.ts';
import { listDocuments, parseListingQuery } from './listing.ts';

/** `/`: the collections, as JSON or as the page; `/:collection`: its documents, and POST for a new one. */
export function addCollectionRoutes(
  app: FastifyInstance,
  database: DatabaseSync,
  parts: DocumentParts,
): void {
  const page = addPage(app, `${import.meta.dirname}/page`, 'db');
  addResource(app, '/', {
    GET: (request, reply) =>
      prefersPage(request) ? page.send(request, reply) : sendCollections(parts, request, reply),
  });
  addResource(app, '/:collection', {
    GET: (request, reply) => sendListing(database, request, reply),
    POST: (request, reply) => createDocument(parts, request, reply),
  });
}

function sendCollections(
  { store }: DocumentParts,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const prefix = publicPrefix(request.headers);
  const collections = store.collections().map((entry) => ({ ...entry, href: `${prefix}/${entry.name}` }));
  return reply.header('vary', 'accept').header('cache-control', 'no-cache').send({ collections });
}

function sendListing(database: DatabaseSync, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const query = queryOf(request);
  const page = listDocuments(database, collectionOf(request), parseListingQuery(query));
  if (page.next !== null) {
    query.set('cursor', page.next);
    // Relative to the request's own address, which is right behind every prefix.
    reply.header('link', `<?${query}>; rel="next"`);
  }
  reply.header('cache-control', 'no-cache');
  return sendJson(reply, `{"items":[${page.bodies.join(',')}],"next":${JSON.stringify(page.next)}}`);
}

export function queryOf(request: FastifyRequest): URLSearchParams {
  const target = request.raw.url ?? '';
  const mark = target.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1));
}
