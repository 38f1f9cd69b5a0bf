import { randomBytes } from 'node:crypto';
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

/** A UUID version 7 (RFC 9562 §5.7): ids of later documents sort after earlier ones, to the millisecond. */
export function timeOrderedId(now = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
