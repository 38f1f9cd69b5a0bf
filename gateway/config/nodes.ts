/** Nodes that no file has, with the place of what they were made from. */

import type { SourceEntry, SourceList, SourceMap, SourceNode, SourceScalar, Span } from './source.ts';

export function scalarAt(span: Span, value: SourceScalar['value']): SourceScalar {
  return { kind: 'scalar', span, value };
}

export function listAt(span: Span, items: readonly SourceNode[]): SourceList {
  return { kind: 'list', span, items };
}

/** Without the keys whose value is `null`. */
export function mapAt(span: Span, values: Readonly<Record<string, SourceNode | null>>): SourceMap {
  const entries = new Map<string, SourceEntry>();
  for (const [key, value] of Object.entries(values))
    if (value !== null) entries.set(key, { keySpan: value.span, value });
  return { kind: 'map', span, entries };
}

/** A map from keys that the objects say; of two that are the same the first holds. */
export function pairsAt(
  span: Span,
  pairs: Iterable<readonly [key: SourceScalar, value: SourceNode]>,
): SourceMap {
  const entries = new Map<string, SourceEntry>();
  for (const [key, value] of pairs)
    if (!entries.has(String(key.value))) entries.set(String(key.value), { keySpan: key.span, value });
  return { kind: 'map', span, entries };
}
