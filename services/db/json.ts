import { Problem } from '../kit/problem.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** Deeper documents are refused: SQLite and every recursive reader after us have a limit somewhere. */
const maxDepth = 100;

// Digits that a double may not hold, or an exponent that may leave its range.
const suspiciousNumber = /\d{16}|\d[eE][+-]?\d{3}/;

/**
 * Parses JSON without losing anything: a number that a double can't hold comes back as `JSON.rawJSON`, which
 * `JSON.stringify` writes as it was sent.
 * @throws Problem 400 with the parser's own words about the place.
 */
function parseJson(text: string): unknown {
  const value = parse(text);
  if (deeperThan(value, maxDepth)) {
    throw new Problem(400, 'json_too_deep', `The JSON is nested more than ${maxDepth} levels deep.`);
  }
  return suspiciousNumber.test(text) ? JSON.parse(text, keepNumber) : value;
}

/** A document is an object: @throws Problem 400 for an array, a text, a number, `true`, `false` or `null`. */
export function parseJsonObject(text: string): JsonObject {
  const value = parseJson(text);
  if (isJsonObject(value)) return value;
  throw new Problem(400, 'not_an_object', `Expected a JSON object ({...}), got ${nameOfType(value)}.`);
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (JSON.isRawJSON(value)) return 'a number';
  return (
    { string: 'a string', number: 'a number', boolean: `${value}` }[typeof value as string] ?? 'an object'
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(400, 'bad_json', `The JSON can't be read: ${(error as Error).message}.`);
  }
}

function keepNumber(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value;
  return String(value) === context.source || isExact(value, context.source)
    ? value
    : JSON.rawJSON(context.source);
}

/** Whether writing `value` again gives the same number, though perhaps spelt in another way (`1.0`, `1e2`). */
function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  const digits = source
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+|0+$/g, '');
  return digits.length <= 15 && (value !== 0 || digits === '');
}

/** Level by level instead of by recursion, which hostile nesting would exhaust. */
function deeperThan(value: unknown, limit: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null
        ? Object.values(item).filter((member) => typeof member === 'object' && member !== null)
        : [],
    );
  }
  return false;
}
