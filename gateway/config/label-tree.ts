/** Labels as the values of a route: `portway.health.path=/healthz` is `health: { path: /healthz }`. */

import { plainValue } from '../keys/scalar.ts';
import { parseValue } from './parse.ts';
import type { Fault } from './problem-list.ts';
import type { PathKey, SourceEntry, SourceMap, SourceNode, Span } from './source.ts';

/** A label, and where its text begins among all of them. */
export interface PlacedLabel {
  /** Behind `portway.`: `health.path`. */
  readonly keys: readonly string[];
  /** Of the first key. */
  readonly keyStart: number;
  readonly value: string;
  readonly valueStart: number;
}

export interface LabelFault extends Fault {
  readonly span: Span;
  readonly path: readonly PathKey[];
}

/** Builds the map that these labels describe; a bad label is reported and left out. */
export function treeOfLabels(
  labels: readonly PlacedLabel[],
  whole: Span,
): { map: SourceMap; faults: LabelFault[] } {
  const faults: LabelFault[] = [];
  const map = newMap(whole);
  for (const label of labels) {
    const value = nodeOf(label, faults);
    if (value !== null) enter(map, label, value, faults);
  }
  return { map, faults };
}

interface GrowingMap extends SourceMap {
  readonly entries: Map<string, SourceEntry>;
}

function newMap(span: Span): GrowingMap {
  return { kind: 'map', span, entries: new Map() };
}

function enter(root: GrowingMap, label: PlacedLabel, value: SourceNode, faults: LabelFault[]): void {
  let map = root;
  let start = label.keyStart;
  for (const [depth, key] of label.keys.entries()) {
    const keySpan = { start, end: start + key.length };
    const isLast = depth === label.keys.length - 1;
    const known = map.entries.get(key)?.value;
    if (known !== undefined && (isLast || !isGrowing(known))) {
      faults.push({ span: keySpan, path: label.keys.slice(0, depth + 1), ...TWICE });
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
function nodeOf(label: PlacedLabel, faults: LabelFault[]): SourceNode | null {
  const { value, valueStart, keys } = label;
  const span = { start: valueStart, end: valueStart + value.length };
  const fault = (what: Fault) => void faults.push({ span, path: keys, ...what });
  // The right to label containers does not include reading the gateway's environment.
  if (value.includes('${')) {
    fault({
      expected: 'a plain value',
      found: 'a variable',
      hint: 'variables are expanded in the file, not in labels',
    });
    return null;
  }
  if (!/^[[{]/.test(value)) return { kind: 'scalar', span, value: plainValue(value) };
  const tree = parseValue(value);
  if (tree !== null) return moved(tree, valueStart);
  fault({
    expected: 'YAML behind { or [',
    found: 'a text that is none',
    hint: 'is a bracket, a comma or a space behind a colon missing?',
  });
  return null;
}

/** The node with its positions moved. Shared aliases stay shared, so that a bomb of them stays small. */
function moved(node: SourceNode, by: number, known = new Map<SourceNode, SourceNode>()): SourceNode {
  const before = known.get(node);
  if (before !== undefined) return before;
  const after = movedOnce(node, by, (inner) => moved(inner, by, known));
  known.set(node, after);
  return after;
}

function movedOnce(node: SourceNode, by: number, child: (node: SourceNode) => SourceNode): SourceNode {
  const shifted = ({ start, end }: Span): Span => ({ start: start + by, end: end + by });
  const span = shifted(node.span);
  if (node.kind === 'scalar') return { ...node, span };
  if (node.kind === 'list') return { kind: 'list', span, items: node.items.map(child) };
  const entries = Array.from(node.entries, ([key, { keySpan, value }]) => {
    return [key, { keySpan: shifted(keySpan), value: child(value) }] as const;
  });
  return { kind: 'map', span, entries: new Map(entries) };
}
