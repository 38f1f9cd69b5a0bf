import { type Precondition, requirePrecondition } from '../kit/preconditions.ts';
import { Problem } from '../kit/problem.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from './json.ts';
import { parseId, timeOrderedId } from './names.ts';
import { type DocumentStore, etagOf, type StoredDocument } from './store.ts';

/** One change of one document, from a request or a batch. */
export type Mutation =
  | { readonly op: 'create'; readonly collection: string; readonly document: JsonObject }
  | {
      readonly op: 'put';
      readonly collection: string;
      readonly id: string;
      readonly document: JsonObject;
      readonly precondition: Precondition;
    }
  | {
      readonly op: 'patch';
      readonly collection: string;
      readonly id: string;
      readonly patch: JsonObject;
      readonly precondition: Precondition;
    }
  | {
      readonly op: 'delete';
      readonly collection: string;
      readonly id: string;
      readonly precondition: Precondition;
    };

export interface MutationResult {
  readonly created: boolean;
  /** `null` after a deletion. */
  readonly document: StoredDocument | null;
}

/** Called within a transaction. @throws Problem 400, 404, 409, 412, 413; then nothing was written. */
export function applyMutation(store: DocumentStore, mutation: Mutation): MutationResult {
  switch (mutation.op) {
    case 'create':
      return create(store, mutation.collection, mutation.document);
    case 'put':
      return put(store, mutation);
    case 'patch':
      return patch(store, mutation);
    case 'delete':
      return remove(store, mutation);
  }
}

function create(store: DocumentStore, collection: string, document: JsonObject): MutationResult {
  const id = document.id === undefined ? timeOrderedId() : parseId(document.id);
  if (store.read(collection, id)) {
    throw new Problem(
      409,
      'id_taken',
      `${collection}/${id} exists already; PUT replaces it, PATCH changes it.`,
    );
  }
  return { created: true, document: store.write(collection, id, bodyOf(id, document)) };
}

function put(
  store: DocumentStore,
  { collection, id, document, precondition }: Mutation & { op: 'put' },
): MutationResult {
  requireSameId(id, document);
  const current = store.read(collection, id);
  requireState(precondition, current);
  return { created: !current, document: store.write(collection, id, bodyOf(id, document)) };
}

function patch(store: DocumentStore, mutation: Mutation & { op: 'patch' }): MutationResult {
  const { collection, id, precondition } = mutation;
  const current = store.read(collection, id);
  requireState(precondition, current);
  if (!current) throw documentNotFound(collection, id);
  const merged = mergePatch(parseJsonObject(current.body), mutation.patch);
  requireSameId(id, merged);
  return { created: false, document: store.write(collection, id, bodyOf(id, merged)) };
}

function remove(store: DocumentStore, mutation: Mutation & { op: 'delete' }): MutationResult {
  const current = store.read(mutation.collection, mutation.id);
  requireState(mutation.precondition, current);
  if (!current) throw documentNotFound(mutation.collection, mutation.id);
  store.remove(current);
  return { created: false, document: null };
}

function requireState(precondition: Precondition, current: StoredDocument | null): void {
  requirePrecondition(precondition, current && etagOf(current), 'document');
}

export function documentNotFound(collection: string, id: string): Problem {
  return new Problem(404, 'document_not_found', `There is no document ${collection}/${id}.`);
}

export const documentMaxBytes = 1024 * 1024;

function bodyOf(id: string, document: JsonObject): string {
  // The spread defines members, `__proto__` among them, and never sets a prototype.
  const body = JSON.stringify({ id, ...document });
  if (Buffer.byteLength(body) <= documentMaxBytes) return body;
  throw new Problem(413, 'document_too_large', `A document has at most ${documentMaxBytes} bytes.`);
}

function requireSameId(id: string, document: JsonObject): void {
  if (document.id === undefined || document.id === id) return;
  throw new Problem(
    400,
    'id_differs',
    `The document's "id" must be "${id}", as its address says, or be left out.`,
  );
}

/** JSON Merge Patch (RFC 7396 §2): `null` removes, objects are merged member by member, anything else replaces. */
function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  // A Map and `fromEntries` define members; plain assignment would let `__proto__` reach the prototype.
  const members = new Map(Object.entries(target));
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) members.delete(key);
    else if (isJsonObject(change)) members.set(key, mergePatch(objectOrEmpty(members.get(key)), change));
    else members.set(key, change);
  }
  return Object.fromEntries(members);
}

function objectOrEmpty(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
