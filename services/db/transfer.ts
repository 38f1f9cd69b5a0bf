import type { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bodyChunks, decodeUtf8, requireContentType } from '../kit/body.ts';
import { Problem } from '../kit/problem.ts';
import { addResource } from '../kit/resource.ts';
import { queryOf } from './collection-routes.ts';
import { collectionOf, type DocumentParts } from './document-routes.ts';
import { type JsonObject, parseJsonObject } from './json.ts';
import { readLines } from './line-reader.ts';
import { type ListingQuery, listDocuments, parseListingQuery } from './listing.ts';
import { applyMutation, documentMaxBytes, type Mutation } from './mutation.ts';
import { parseId } from './names.ts';
import type { DocumentStore } from './store.ts';

const ndjson = 'application/x-ndjson';
const linesPerCommit = 500;
const bytesPerCommit = 1024 * 1024;

/** `/:collection/_import` and `_export`: newline-delimited JSON of any size, in pieces of bounded memory. */
export function addTransferRoutes(app: FastifyInstance, database: DatabaseSync, parts: DocumentParts): void {
  addResource(app, '/:collection/_import', { POST: (request, reply) => importLines(parts, request, reply) });
  addResource(app, '/:collection/_export', {
    GET: (request, reply) => exportLines(database, request, reply),
  });
}

/**
 * A line with an id creates or replaces that document, one without makes a new one. The import is durable piece by
 * piece, not atomic: where a line can't be taken, all before it are kept, and the answer names the line.
 */
async function importLines(
  parts: DocumentParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  requireContentType(request.raw, ndjson, 'application/jsonl');
  const importer = createImporter(parts, collectionOf(request));
  try {
    await importAll(importer, request);
  } catch (error) {
    if (!(error instanceof LineFault)) throw error;
    const { problem, line } = error;
    const members = { line, imported: importer.imported };
    throw new Problem(problem.status, problem.code, `Line ${line}: ${problem.message}`, { members });
  }
  return reply.send({ imported: importer.imported });
}

class LineFault extends Error {
  readonly line: number;
  readonly problem: Problem;
  constructor(line: number, problem: Problem) {
    super(problem.message);
    this.line = line;
    this.problem = problem;
  }
}

async function importAll(importer: Importer, request: FastifyRequest): Promise<void> {
  let line = 0;
  try {
    for await (const bytes of readLines(bodyChunks(request.raw, Number.MAX_SAFE_INTEGER), documentMaxBytes)) {
      line += 1;
      await importer.add(line, bytes);
    }
  } catch (error) {
    // Lines before the fault are kept; if one of them is faulty itself, its fault is the first.
    await importer.flush();
    throw error instanceof Problem ? new LineFault(line + 1, error) : error;
  }
  await importer.flush();
}

interface Importer {
  /** Documents that are durable. */
  readonly imported: number;
  /** @throws LineFault for this line or for one that was waiting. */
  add(line: number, bytes: Buffer): Promise<void>;
  flush(): Promise<void>;
}

interface WaitingLine {
  readonly line: number;
  readonly mutation: Mutation;
}

function createImporter({ store, queue }: DocumentParts, collection: string): Importer {
  let waiting: WaitingLine[] = [];
  let waitingBytes = 0;
  let imported = 0;
  async function flush(): Promise<void> {
    const lines = waiting;
    waiting = [];
    waitingBytes = 0;
    if (lines.length === 0) return;
    const { applied, fault } = await queue.commit(() => applyUntilFault(store, lines));
    imported += applied;
    if (fault) throw fault;
  }
  return {
    get imported() {
      return imported;
    },
    flush,
    async add(line, bytes) {
      const mutation = parseLine(collection, line, bytes);
      if (!mutation) return;
      waiting.push({ line, mutation });
      waitingBytes += bytes.length;
      if (waiting.length >= linesPerCommit || waitingBytes >= bytesPerCommit) await flush();
    },
  };
}

/** A refused mutation has written nothing, so that the mutations before it can be committed. */
function applyUntilFault(store: DocumentStore, lines: readonly WaitingLine[]) {
  for (const [applied, { line, mutation }] of lines.entries()) {
    try {
      applyMutation(store, mutation);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { applied, fault: new LineFault(line, error) };
    }
  }
  return { applied: lines.length, fault: null };
}

function parseLine(collection: string, line: number, bytes: Buffer): Mutation | null {
  try {
    const text = decodeUtf8(bytes).trim();
    return text === '' ? null : toMutation(collection, parseJsonObject(text));
  } catch (error) {
    throw error instanceof Problem ? new LineFault(line, error) : error;
  }
}

function toMutation(collection: string, document: JsonObject): Mutation {
  if (document.id === undefined) return { op: 'create', collection, document };
  const precondition = {};
  return { op: 'put', collection, id: parseId(document.id), document, precondition };
}

/** Takes the filters of a listing, and gives the documents by id. Those that change meanwhile may be in it as before or as after. */
function exportLines(database: DatabaseSync, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const collection = collectionOf(request);
  const parameters = queryOf(request);
  for (const name of ['limit', 'cursor', 'sort']) {
    if (parameters.has(name))
      throw new Problem(400, 'unknown_parameter', `"${name}" has no meaning in an export`);
  }
  parameters.set('limit', '1000');
  const query = parseListingQuery(parameters);
  reply
    .type(ndjson)
    .header('cache-control', 'no-store')
    .header('content-disposition', `attachment; filename="${collection}.ndjson"`);
  if (request.method === 'HEAD') return reply.send();
  return reply.send(
    Readable.from(exportPages(database, collection, query, parameters), { objectMode: false }),
  );
}

function* exportPages(
  database: DatabaseSync,
  collection: string,
  first: ListingQuery,
  parameters: URLSearchParams,
): Generator<Buffer, void> {
  for (let query: ListingQuery | null = first; query; ) {
    const page = listDocuments(database, collection, query);
    if (page.bodies.length > 0) yield Buffer.from(`${page.bodies.join('\n')}\n`);
    if (page.next !== null) parameters.set('cursor', page.next);
    query = page.next === null ? null : parseListingQuery(parameters);
  }
}
