/** Routes that containers and clusters ask for, beside those of the file. */

import { parseRouteKey } from './route-key.ts';
import type { SourceEntry, SourceMap } from './source.ts';
import type { SourceDocument } from './source-document.ts';

/** The document with these routes, too. Routes of the file win. */
export function withRoutes(
  document: SourceDocument,
  found: Iterable<readonly [key: string, entry: SourceEntry]>,
): SourceDocument {
  const { root } = document;
  const written = root.kind === 'map' ? root.entries.get('routes') : undefined;
  if (root.kind !== 'map' || (written !== undefined && written.value.kind !== 'map')) return document;
  const own = written?.value.kind === 'map' ? written.value.entries : new Map<string, SourceEntry>();
  const taken = new Set(Array.from(own.keys(), meaningOf));
  const others = [...found].filter(([key]) => !taken.has(meaningOf(key)));
  const span = written?.value.span ?? root.span;
  const value: SourceMap = { kind: 'map', span, entries: new Map([...own, ...others]) };
  const entries = new Map(root.entries).set('routes', { keySpan: written?.keySpan ?? root.span, value });
  return { ...document, root: { ...root, entries } };
}

/** Two keys that mean the same have the same meaning. */
export function meaningOf(key: string): string {
  const parsed = parseRouteKey(key);
  return parsed.ok ? `${parsed.value.host ?? ''}${parsed.value.path}` : key;
}
