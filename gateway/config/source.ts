/**
 * The configuration as it was written: plain values that know where they stand. Made by `parse.ts`; everything behind it
 * neither knows YAML nor reads files.
 */

/** UTF-16 offsets into the text; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type SourceNode = SourceScalar | SourceMap | SourceList;

export interface SourceScalar {
  readonly kind: 'scalar';
  readonly span: Span;
  /** Only decimal integers are numbers: `1.0`, `0x10` and `007` stay as they were written. */
  readonly value: string | number | boolean | null;
}

export interface SourceMap {
  readonly kind: 'map';
  readonly span: Span;
  /** In the order of the file. A `Map`, because a key may be `__proto__`. */
  readonly entries: ReadonlyMap<string, SourceEntry>;
}

export interface SourceEntry {
  readonly keySpan: Span;
  readonly value: SourceNode;
}

export interface SourceList {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: readonly SourceNode[];
}

/** The configuration needs seven levels; a limit keeps hostile nesting off the stack. */
export const MAX_DEPTH = 32;

export type PathKey = string | number;

/** The node at a path, or `null`. */
export function nodeAt(root: SourceNode, path: readonly PathKey[]): SourceNode | null {
  let node: SourceNode | null = root;
  for (const key of path) {
    if (node === null) return null;
    node = childOf(node, key);
  }
  return node;
}

function childOf(node: SourceNode, key: PathKey): SourceNode | null {
  if (node.kind === 'map') return node.entries.get(String(key))?.value ?? null;
  return node.kind === 'list' && typeof key === 'number' ? (node.items[key] ?? null) : null;
}

/** The place of the key at the end of a path; for an item of a list, the value's span; `null` if there is none. */
export function keySpanAt(root: SourceNode, path: readonly PathKey[]): Span | null {
  const key = path.at(-1);
  const parent = key === undefined ? null : nodeAt(root, path.slice(0, -1));
  if (parent === null || key === undefined) return null;
  if (parent.kind === 'map') return parent.entries.get(String(key))?.keySpan ?? null;
  return childOf(parent, key)?.span ?? null;
}

/** In the short form, a route's value stands for `to` of the long form. */
export function shownPath(root: SourceNode, path: readonly PathKey[]): readonly PathKey[] {
  if (path[0] !== 'routes' || path.length < 2 || path.length > 3) return path;
  const node = nodeAt(root, path);
  const inList = path.length === 3 && typeof path[2] === 'number';
  if (node?.kind !== 'scalar' || (path.length === 3 && !inList)) return path;
  return ['routes', path[1]!, 'to', ...path.slice(2)];
}

/** `routes./files.to[1]` */
export function pathText(path: readonly PathKey[]): string {
  let text = '';
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : `${text === '' ? '' : '.'}${key}`;
  return text;
}
