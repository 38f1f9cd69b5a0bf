import { Problem } from '../kit/problem.ts';
import { parseField } from './field.ts';

/** A piece of SQL with the values for its question marks. Nothing that a client sent is ever part of the text. */
export interface SqlPiece {
  readonly text: string;
  readonly values: readonly (string | number | bigint)[];
}

type Scalar = string | number | boolean | null;

const comparisons = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
type Comparison = keyof typeof comparisons;
const operators = [...Object.keys(comparisons), 'in', 'prefix', 'exists'];

/**
 * One `where=field:operator:value`. Values are JSON scalars where they can be read as such, else plain text:
 * `age:gte:30`, `name:eq:Ada`, `zip:eq:"30"`, `state:in:["new","open"]`, `email:exists:true`, `name:prefix:Ad`.
 * Values of another type than the field's never match; `ne` also takes documents without the field.
 * @throws Problem 400 that names the expected form.
 */
export function parseCondition(text: string): SqlPiece {
  const [, field = '', operator = '', value = ''] = /^([^:]*):([^:]*):(.*)$/su.exec(text) ?? [];
  if (!operators.includes(operator)) {
    throw new Problem(
      400,
      'bad_where',
      `where=${text}: expected field:operator:value with an operator of ${operators.join(', ')}, such as where=age:gte:30`,
    );
  }
  const path = parseField(field);
  if (operator === 'exists') return existence(path, text, value);
  if (operator === 'prefix') return prefix(path, value);
  if (operator === 'in') return membership(path, text, value);
  return compare(path, operator as Comparison, parseScalar(value), text);
}

function compare(path: string, comparison: Comparison, value: Scalar, text: string): SqlPiece {
  if (comparison === 'ne') {
    const equal = compare(path, 'eq', value, text);
    return { text: `NOT coalesce(${equal.text}, 0)`, values: equal.values };
  }
  if (value === null || typeof value === 'boolean') {
    if (comparison !== 'eq')
      throw new Problem(400, 'bad_where', `where=${text}: ${value} has no order; use eq or ne`);
    return { text: 'json_type(body, ?) = ?', values: [path, String(value)] };
  }
  const types = typeof value === 'number' ? "('integer', 'real')" : "('text')";
  return {
    text: `(json_type(body, ?) IN ${types} AND json_extract(body, ?) ${comparisons[comparison]} ?)`,
    values: [path, path, value],
  };
}

function existence(path: string, text: string, value: string): SqlPiece {
  if (value !== 'true' && value !== 'false') {
    throw new Problem(400, 'bad_where', `where=${text}: exists takes true or false`);
  }
  return { text: `json_type(body, ?) IS ${value === 'true' ? 'NOT NULL' : 'NULL'}`, values: [path] };
}

function prefix(path: string, value: string): SqlPiece {
  return {
    text: "(json_type(body, ?) = 'text' AND substr(json_extract(body, ?), 1, ?) = ?)",
    // SQLite counts code points, JavaScript UTF-16 units.
    values: [path, path, [...value].length, value],
  };
}

function membership(path: string, text: string, value: string): SqlPiece {
  const list = parseList(value);
  if (!list || list.length === 0 || list.length > 100) {
    throw new Problem(
      400,
      'bad_where',
      `where=${text}: in takes a JSON array of 1 to 100 texts, numbers, true, false, null`,
    );
  }
  const pieces = list.map((item) => compare(path, 'eq', item, text));
  return {
    text: `(${pieces.map((piece) => piece.text).join(' OR ')})`,
    values: pieces.flatMap((piece) => piece.values),
  };
}

function parseScalar(text: string): Scalar {
  const value = parseAny(text);
  return isScalar(value) ? value : text;
}

function parseList(text: string): Scalar[] | null {
  const value = parseAny(text);
  return Array.isArray(value) && value.every(isScalar) ? value : null;
}

function parseAny(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
