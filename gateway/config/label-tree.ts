/** Labels as the values of a route: `portway.health.path=/healthz` is `health: { path: /healthz }`. */

import { plainValue } from '../keys/scalar.ts';
import { parseValue } from './parse.ts';
import type { Fault, ProblemList } from './problem-list.ts';
import type { SourceEntry, SourceMap, SourceNode, Span } from './source.ts';

/** A label, and where its text begins among all of them. */
export interface PlacedLabel {
  /** The NAME of `portway.routes.NAME.path`; empty: the only route. */
  readonly route: string;
  /** Behind `portway.`: `health.path`. */
  readonly keys: readonly string[];
  /** Of the first key. */
  readonly keyStart: number;
  readonly value: string;
  readonly valueStart: number;
}

/** Builds the map that these labels describe; a bad label is reported and left out. */
export function treeOfLabels(labels: readonly PlacedLabel[], whole: Span, problems: ProblemList): SourceMap {
  const map = newMap(whole);
  for (const label of labels) {
    const value = nodeOf(label, problems);
    if (value !== null) enter(map, label, value, problems);
  }
  return map;
}

interface GrowingMap extends SourceMap {
  readonly entries: Map<string, SourceEntry>;
}

function newMap(span: Span): GrowingMap {
  return { kind: 'map', span, entries: new Map() };
}

function enter(root: GrowingMap, label: PlacedLabel, value: SourceNode, problems: ProblemList): void {
  let map = root;
  let start = label.keyStart;
  for (const [depth, key] of label.keys.entries()) {
    const keySpan = { start, end: start + key.length };
    const isLast = depth === label.keys.length - 1;
    const known = map.entries.get(key)?.value;
    if (known !== undefined && (isLast || !isGrowing(known))) {
      problems.add(keySpan, label.keys.slice(0, depth + 1), TWICE);
      return;
    }
    if (known === undefined) map.entries.set(key, { keySpan, value: isLast ? value : newMap(keySpan) });
    map = map.entries.get(key)!.value as GrowingMap;
    start += key.length + 1;
  }
}

const TWICE: Fault = {
  expected: 'a value, or keys below it',
  found: 'both',
  hint: 'write either portway.health=/healthz, or portway.health.path=/healthz and its like',
};

function isGrowing(node: SourceNode): node is GrowingMap {
  return node.kind === 'map';
}

/** Text that begins with `{` or `[` is YAML; all other text is the value, quotes included. */
function nodeOf({ value, valueStart, keys }: PlacedLabel, problems: ProblemList): SourceNode | null {
  const span = { start: valueStart, end: valueStart + value.length };
  // The right to label containers does not include reading the gateway's environment.
  if (value.includes('${')) {
    problems.add(span, keys, {
      expected: 'a plain value',
      found: 'a variable',
      hint: 'variables are expanded in the file, not in labels',
    });
    return null;
  }
  if (!/^[[{]/.test(value)) return { kind: 'scalar', span, value: plainValue(value) };
  const tree = parseValue(value, valueStart);
  if (tree === null)
    problems.add(span, keys, {
      expected: 'YAML behind { or [',
      found: 'a text that is none',
      hint: 'is a bracket, a comma or a space behind a colon missing?',
    });
  return tree;
}
