// Writes JSON about thousands of routes in pieces, so that requests do not wait for the whole of it.

/** Whether it takes long to write out. */
export function hasMany(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > MEMBERS_AT_ONCE;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasMany);
}

/**
 * The same text as of `JSON.stringify`, of long lists member by member.
 * @param space of each level, as `JSON.stringify` takes it
 * @param indent of the lines.
 */
export function* jsonPieces(value: unknown, space: '' | '  ', indent = ''): Generator<string> {
  if (!hasMany(value)) return yield textOf(value, space, indent);
  const inner = indent + space;
  const [line, lastLine] = space === '' ? ['', ''] : [`\n${inner}`, `\n${indent}`];
  const isList = Array.isArray(value);
  let before = isList ? '[' : '{';
  for (const [name, member] of Object.entries(value as object)) {
    if (!isList && member === undefined) continue;
    yield isList ? before + line : `${before}${line}${JSON.stringify(name)}:${space && ' '}`;
    yield* jsonPieces(member ?? null, space, inner);
    before = ',';
  }
  yield `${lastLine}${isList ? ']' : '}'}`;
}

function textOf(value: unknown, space: string, indent: string): string {
  const text = JSON.stringify(value, null, space);
  // Within strings, a line's end is escaped.
  return indent === '' ? text : text.replaceAll('\n', `\n${indent}`);
}

/** The same in pieces of some size, which cost less to send. */
export function* jsonChunks(value: unknown, space: '' | '  '): Generator<string> {
  let text = '';
  for (const piece of jsonPieces(value, space)) {
    text += piece;
    if (text.length >= CHUNK_CHARS) {
      yield text;
      text = '';
    }
  }
  yield text;
}

/** The number of the largest values that are serialised at once. */
const MEMBERS_AT_ONCE = 50;
const CHUNK_CHARS = 16 * 1024;
