import { Problem } from '../kit/problem.ts';
import type { SqlPiece } from './condition.ts';

export interface ListingOrder {
  /** A path of SQLite's JSON functions; `null`: by id alone. Ids break ties. */
  readonly path: string | null;
  readonly descending: boolean;
}

export type SortKey = string | number | bigint | null;

/** The last document of a page: the next page is found by value, so that changes in between skip and repeat nothing. */
interface Cursor {
  readonly key: SortKey;
  readonly id: string;
}

/** Opaque to clients. It holds the order that it was made for, because it means nothing in another one. */
export function formatCursor(order: ListingOrder, key: SortKey, id: string): string {
  const typed = key === null ? null : typeof key === 'string' ? { text: key } : { number: String(key) };
  return Buffer.from(JSON.stringify([orderName(order), typed, id])).toString('base64url');
}

/** @throws Problem 400 for anything that this service did not make for this order. */
export function parseCursor(text: string, order: ListingOrder): Cursor {
  const parts = decode(text);
  if (!Array.isArray(parts) || parts[0] !== orderName(order) || typeof parts[2] !== 'string')
    throw badCursor();
  return { key: parseKey(parts[1]), id: parts[2] };
}

/** NULL sorts first in SQLite, and so last in descending order. */
export function afterCursor(order: ListingOrder, { key, id }: Cursor): SqlPiece {
  const beyond = order.descending ? '<' : '>';
  if (order.path === null) return { text: `id ${beyond} ?`, values: [id] };
  const column = 'json_extract(body, ?)';
  const path = order.path;
  if (key === null) {
    return order.descending
      ? { text: `${column} IS NULL AND id < ?`, values: [path, id] }
      : { text: `(${column} IS NULL AND id > ?) OR ${column} IS NOT NULL`, values: [path, id, path] };
  }
  const tail = order.descending
    ? { text: ` OR ${column} IS NULL`, values: [path] }
    : { text: '', values: [] };
  return {
    text: `${column} ${beyond} ? OR (${column} = ? AND id ${beyond} ?)${tail.text}`,
    values: [path, key, path, key, id, ...tail.values],
  };
}

function orderName(order: ListingOrder): string {
  return `${order.descending ? '-' : ''}${order.path ?? 'id'}`;
}

function parseKey(typed: unknown): SortKey {
  if (typed === null) return null;
  const { text, number } = typed as { text?: unknown; number?: unknown };
  if (typeof text === 'string') return text;
  if (typeof number !== 'string' || number.trim() === '' || Number.isNaN(Number(number))) throw badCursor();
  return /^-?\d{1,19}$/.test(number) ? BigInt.asIntN(64, BigInt(number)) : Number(number);
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw badCursor();
  }
}

function badCursor(): Problem {
  return new Problem(
    400,
    'bad_cursor',
    'cursor: pass on "next" of the page before, together with the same sort.',
  );
}
