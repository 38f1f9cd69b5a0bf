import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodeUtf8, readBody, requireContentType } from '../kit/body.ts';
import type { CommitQueue } from '../kit/commit-queue.ts';
import { isKnown } from '../kit/preconditions.ts';
import { publicPrefix } from '../kit/public-address.ts';
import { addResource } from '../kit/resource.ts';
import { type JsonObject, parseJsonObject } from './json.ts';
import { applyMutation, documentMaxBytes, documentNotFound, type Mutation } from './mutation.ts';
import { parseCollection, parseId } from './names.ts';
import { type DocumentStore, etagOf, type StoredDocument } from './store.ts';

export interface DocumentParts {
  readonly store: DocumentStore;
  readonly queue: CommitQueue;
}

/** `/:collection/:id`, and the POST that makes one. */
export function addDocumentRoutes(app: FastifyInstance, parts: DocumentParts): void {
  addResource(app, '/:collection/:id', {
    GET: (request, reply) => read(parts, request, reply),
    async PUT(request, reply) {
      const document = await readDocument(request, 'application/json');
      return change(parts, request, reply, { op: 'put', ...target(request), document });
    },
    async PATCH(request, reply) {
      const patch = await readDocument(request, 'application/merge-patch+json', 'application/json');
      return change(parts, request, reply, { op: 'patch', ...target(request), patch });
    },
    DELETE: (request, reply) => change(parts, request, reply, { op: 'delete', ...target(request) }),
  });
}

export async function createDocument(parts: DocumentParts, request: FastifyRequest, reply: FastifyReply) {
  const collection = collectionOf(request);
  const document = await readDocument(request, 'application/json');
  return change(parts, request, reply, { op: 'create', collection, document });
}

export function collectionOf(request: FastifyRequest): string {
  return parseCollection((request.params as { collection: string }).collection);
}

function target(request: FastifyRequest) {
  return {
    collection: collectionOf(request),
    id: parseId((request.params as { id: string }).id),
    precondition: request.headers,
  };
}

function read({ store }: DocumentParts, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { collection, id } = target(request);
  const document = store.read(collection, id);
  if (!document) throw documentNotFound(collection, id);
  validators(reply, document);
  return isKnown(request.headers, etagOf(document)) ? reply.code(304).send() : sendJson(reply, document.body);
}

async function change(
  { store, queue }: DocumentParts,
  request: FastifyRequest,
  reply: FastifyReply,
  mutation: Mutation,
): Promise<FastifyReply> {
  const { created, document } = await queue.commit(() => applyMutation(store, mutation));
  if (!document) return reply.code(204).send();
  validators(reply, document);
  const location = `${publicPrefix(request.headers)}/${document.collection}/${document.id}`;
  if (created) reply.code(201).header('location', location);
  return sendJson(reply, document.body);
}

async function readDocument(request: FastifyRequest, ...types: string[]): Promise<JsonObject> {
  requireContentType(request.raw, ...types);
  return parseJsonObject(decodeUtf8(await readBody(request.raw, documentMaxBytes)));
}

function validators(reply: FastifyReply, document: StoredDocument): void {
  reply
    .header('etag', etagOf(document))
    .header('last-modified', new Date(document.updatedAt).toUTCString())
    .header('cache-control', 'no-cache');
}

/** Sends text that is JSON already. */
export function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/json').send(Buffer.from(text));
}
