import type { FastifyInstance } from 'fastify';
import { decodeUtf8, readBody, requireContentType } from '../kit/body.ts';
import type { Precondition } from '../kit/preconditions.ts';
import { Problem } from '../kit/problem.ts';
import { addResource } from '../kit/resource.ts';
import type { DocumentParts } from './document-routes.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from './json.ts';
import { applyMutation, type Mutation, type MutationResult } from './mutation.ts';
import { parseCollection, parseId } from './names.ts';
import { etagOf } from './store.ts';

const batchMaxBytes = 8 * 1024 * 1024;
const maxOperations = 1000;

/** `POST /_batch` with `{"operations": [...]}`: all of them, or none and the reason of the first that can't be. */
export function addBatchRoute(app: FastifyInstance, { store, queue }: DocumentParts): void {
  addResource(app, '/_batch', {
    async POST(request, reply) {
      requireContentType(request.raw, 'application/json');
      const mutations = parseBatch(parseJsonObject(decodeUtf8(await readBody(request.raw, batchMaxBytes))));
      const results = await queue.commit(() =>
        mutations.map((mutation, index) => withIndex(index, () => applyMutation(store, mutation))),
      );
      return reply.send({ results: results.map((result, index) => describe(mutations[index]!, result)) });
    },
  });
}

function parseBatch(body: JsonObject): Mutation[] {
  const { operations } = body;
  if (Array.isArray(operations) && operations.length >= 1 && operations.length <= maxOperations) {
    return operations.map((operation, index) => withIndex(index, () => parseOperation(operation)));
  }
  throw new Problem(
    400,
    'bad_batch',
    `Expected {"operations": [...]} with 1 to ${maxOperations} operations.`,
  );
}

// The keys of each operation; any other key is a mistake that would otherwise go unnoticed.
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  create: ['op', 'collection', 'document'],
  put: ['op', 'collection', 'id', 'document', 'ifMatch', 'ifNoneMatch'],
  patch: ['op', 'collection', 'id', 'patch', 'ifMatch', 'ifNoneMatch'],
  delete: ['op', 'collection', 'id', 'ifMatch', 'ifNoneMatch'],
};

function parseOperation(value: unknown): Mutation {
  const operation = isJsonObject(value) ? value : {};
  const fields =
    typeof operation.op === 'string' && Object.hasOwn(fieldsOf, operation.op)
      ? fieldsOf[operation.op]!
      : null;
  if (!fields) throw new Problem(400, 'bad_operation', 'Expected "op" to be create, put, patch or delete.');
  const unknown = Object.keys(operation).find((key) => !fields.includes(key));
  if (unknown !== undefined) {
    throw new Problem(
      400,
      'bad_operation',
      `"${unknown}" is none of ${fields.join(', ')}, the fields of ${operation.op}.`,
    );
  }
  const collection = parseCollection(operation.collection);
  if (operation.op === 'create')
    return { op: 'create', collection, document: objectAt(operation, 'document') };
  const target = { collection, id: parseId(operation.id), precondition: preconditionOf(operation) };
  if (operation.op === 'put') return { op: 'put', ...target, document: objectAt(operation, 'document') };
  if (operation.op === 'patch') return { op: 'patch', ...target, patch: objectAt(operation, 'patch') };
  return { op: 'delete', ...target };
}

function objectAt(operation: JsonObject, field: string): JsonObject {
  const value = operation[field];
  if (isJsonObject(value)) return value;
  throw new Problem(400, 'bad_operation', `Expected "${field}" to be a JSON object.`);
}

/** ETags as the answers write them, quotes included; `"*"` for any. */
function preconditionOf({ ifMatch, ifNoneMatch }: JsonObject): Precondition {
  return { 'if-match': parseTag(ifMatch, 'ifMatch'), 'if-none-match': parseTag(ifNoneMatch, 'ifNoneMatch') };
}

function parseTag(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^(?:\*|"[^"]*")$/.test(value)) return value;
  throw new Problem(400, 'bad_operation', `Expected "${field}" to be an ETag with its quotes, or *.`);
}

function withIndex<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(
      error.status,
      error.code,
      `Operation ${index}: ${error.message} Nothing of the batch was done.`,
      {
        members: { operation: index },
      },
    );
  }
}

function describe(mutation: Mutation, { created, document }: MutationResult) {
  const status = document ? (created ? 201 : 200) : 204;
  if (!document)
    return { status, collection: mutation.collection, id: 'id' in mutation ? mutation.id : null };
  return { status, collection: document.collection, id: document.id, etag: etagOf(document) };
}
