import { Problem } from '../kit/problem.ts';

const collectionPattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._~@:+-]{0,127}$/;

// Paths of the service itself. Everything else of its own begins with `_`, which no name may.
const reservedCollections = new Set(['healthz', 'readyz']);

/** @throws Problem 400 */
export function parseCollection(name: unknown): string {
  if (typeof name === 'string' && collectionPattern.test(name) && !reservedCollections.has(name)) return name;
  throw new Problem(
    400,
    'bad_collection_name',
    'A collection is named by a letter and up to 63 more letters, digits, "-" and "_" (but not healthz or readyz).',
  );
}

/** @throws Problem 400 */
export function parseId(id: unknown): string {
  if (typeof id === 'string' && idPattern.test(id)) return id;
  throw new Problem(
    400,
    'bad_id',
    'An id is a string of a letter or digit and up to 127 more letters, digits and characters of . _ ~ @ : + -',
  );
}
