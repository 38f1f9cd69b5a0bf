import type { DatabaseSync } from 'node:sqlite';
import { Problem } from '../kit/problem.ts';
import { parseCondition, type SqlPiece } from './condition.ts';
import { afterCursor, formatCursor, type ListingOrder, parseCursor } from './cursor.ts';
import { parseField } from './field.ts';
import { searchPiece } from './search.ts';

/** The query of `GET /:collection`. */
export interface ListingQuery {
  readonly conditions: readonly SqlPiece[];
  readonly order: ListingOrder;
  readonly limit: number;
  readonly after: SqlPiece | null;
}

export interface ListingPage {
  /** JSON texts, in order. */
  readonly bodies: readonly string[];
  /** The cursor for the documents after these; `null` at the end. */
  readonly next: string | null;
}

const parameters = ['where', 'sort', 'limit', 'cursor', 'q'];
const maxLimit = 1000;
const maxConditions = 20;
// A page also ends here, so that the largest documents in the largest number stay a bounded answer.
const pageMaxBytes = 4 * 1024 * 1024;

/** @throws Problem 400 that names the parameter, the expected and the given value. */
export function parseListingQuery(query: URLSearchParams): ListingQuery {
  for (const name of query.keys()) if (!parameters.includes(name)) throw unknownParameter(name);
  const order = parseOrder(query.get('sort'));
  const cursor = query.get('cursor');
  return {
    conditions: [...parseConditions(query.getAll('where')), ...searchPiece(query.get('q'))],
    order,
    limit: parseLimit(query.get('limit')),
    after: cursor === null ? null : afterCursor(order, parseCursor(cursor, order)),
  };
}

export function listDocuments(database: DatabaseSync, collection: string, query: ListingQuery): ListingPage {
  const { path } = query.order;
  const conditions = query.after ? [...query.conditions, query.after] : query.conditions;
  const direction = query.order.descending ? 'DESC' : 'ASC';
  // By id alone the index gives the order; naming any sort key beside it would have the whole collection sorted.
  const order = path === null ? `id ${direction}` : `sortKey ${direction}, id ${direction}`;
  const statement = database.prepare(
    `SELECT id, body, ${path === null ? 'NULL' : 'json_extract(body, ?)'} AS sortKey FROM document WHERE collection = ?` +
      conditions.map((condition) => ` AND (${condition.text})`).join('') +
      ` ORDER BY ${order} LIMIT ?`,
  );
  // A document may hold integers that a double can't; reading such a sort key as a number would throw.
  statement.setReadBigInts(true);
  const values = [
    ...(path === null ? [] : [path]),
    collection,
    ...conditions.flatMap((condition) => condition.values),
    query.limit + 1,
  ];
  return takePage(statement.iterate(...values) as Iterable<ListedRow>, query);
}

interface ListedRow {
  readonly id: string;
  readonly body: string;
  readonly sortKey: string | number | bigint | null;
}

function takePage(rows: Iterable<ListedRow>, query: ListingQuery): ListingPage {
  const bodies: string[] = [];
  let bytes = 0;
  let last: ListedRow | undefined;
  for (const row of rows) {
    if (last && (bodies.length === query.limit || bytes >= pageMaxBytes)) {
      return { bodies, next: formatCursor(query.order, last.sortKey, last.id) };
    }
    bodies.push(row.body);
    bytes += row.body.length;
    last = row;
  }
  return { bodies, next: null };
}

function parseConditions(texts: readonly string[]): SqlPiece[] {
  if (texts.length <= maxConditions) return texts.map(parseCondition);
  throw new Problem(
    400,
    'bad_where',
    `A query has at most ${maxConditions} where parameters, this one ${texts.length}.`,
  );
}

function parseOrder(text: string | null): ListingOrder {
  if (text === null || text === 'id') return { path: null, descending: false };
  if (text === '-id') return { path: null, descending: true };
  const descending = text.startsWith('-');
  return { path: parseField(descending ? text.slice(1) : text), descending };
}

function parseLimit(text: string | null): number {
  if (text === null) return 100;
  const limit = Number(text);
  if (/^\d{1,6}$/.test(text) && limit >= 1 && limit <= maxLimit) return limit;
  throw new Problem(400, 'bad_limit', `limit: expected a whole number from 1 to ${maxLimit}, got "${text}"`);
}

function unknownParameter(name: string): Problem {
  const hint = /^[\w.]{1,64}$/.test(name) ? `; to filter by a field, write where=${name}:eq:value` : '';
  return new Problem(400, 'unknown_parameter', `"${name}" is none of ${parameters.join(', ')}${hint}`);
}
