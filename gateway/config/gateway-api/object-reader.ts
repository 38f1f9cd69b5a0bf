import { nearest } from '../../keys/hint.ts';
import type { Fault, ProblemList } from '../problem-list.ts';
import type { PathKey, SourceMap, SourceNode, SourceScalar } from '../source.ts';

/** Reads the fields of a map of an object. A field of the wrong shape is reported, and treated as absent. */
export class ObjectReader {
  readonly node: SourceNode;
  readonly #path: readonly PathKey[];
  readonly #problems: ProblemList;

  constructor(node: SourceNode, path: readonly PathKey[], problems: ProblemList) {
    this.node = node;
    this.#path = path;
    this.#problems = problems;
  }

  /** The value of a key, of any shape. */
  get(key: string): SourceNode | null {
    const value = this.node.kind === 'map' ? this.node.entries.get(key)?.value : undefined;
    return value === undefined || (value.kind === 'scalar' && value.value === null) ? null : value;
  }

  scalar(key: string): SourceScalar | null {
    const value = this.get(key);
    if (value === null || value.kind === 'scalar') return value;
    return this.#misshapen(value, [key], 'a single value');
  }

  text(key: string): string | null {
    const scalar = this.scalar(key);
    return scalar === null ? null : String(scalar.value);
  }

  number(key: string): number | null {
    const scalar = this.scalar(key);
    if (scalar === null || typeof scalar.value === 'number')
      return (scalar?.value as number | undefined) ?? null;
    return this.fault(key, { expected: 'a number', found: JSON.stringify(scalar.value), hint: null });
  }

  map(key: string): ObjectReader | null {
    const value = this.get(key);
    return value === null ? null : this.#mapAt(value, [key]);
  }

  /** Those of a list of maps. */
  list(key: string): readonly ObjectReader[] {
    return this.#items(key).flatMap((item, index) => this.#mapAt(item, [key, index]) ?? []);
  }

  /** The same; without any, one empty map. */
  listOrOne(key: string): readonly ObjectReader[] {
    const all = this.list(key);
    if (all.length > 0) return all;
    const empty: SourceMap = { kind: 'map', span: this.node.span, entries: new Map() };
    return [new ObjectReader(empty, [...this.#path, key, 0], this.#problems)];
  }

  /** Those of a list of plain texts. */
  textsOf(key: string): readonly SourceScalar[] {
    return this.#items(key).flatMap((item, index) => {
      if (item.kind === 'scalar' && item.value !== null) return [item];
      return this.#misshapen(item, [key, index], 'a single value') ?? [];
    });
  }

  #items(key: string): readonly SourceNode[] {
    const value = this.get(key);
    if (value === null) return [];
    if (value.kind === 'list') return value.items;
    return this.#misshapen(value, [key], 'a list', 'begin each with "- "') ?? [];
  }

  #mapAt(node: SourceNode, keys: readonly PathKey[]): ObjectReader | null {
    if (node.kind !== 'map') return this.#misshapen(node, keys, 'a map');
    return new ObjectReader(node, [...this.#path, ...keys], this.#problems);
  }

  #misshapen(node: SourceNode, keys: readonly PathKey[], expected: string, hint: string | null = null): null {
    const found = node.kind === 'scalar' ? 'a single value' : `a ${node.kind}`;
    this.#problems.add(node.span, [...this.#path, ...keys], {
      expected,
      found: node.kind === 'scalar' && node.value === null ? 'null' : found,
      hint,
    });
    return null;
  }

  /** A required value. */
  needed(key: string): SourceScalar | null {
    return this.get(key) === null ? this.missing(key, 'a single value') : this.scalar(key);
  }

  keys(): readonly string[] {
    return [...(this.#map()?.entries.keys() ?? [])];
  }

  /** All keys with plain values. */
  *texts(): Iterable<[string, string]> {
    if (this.node.kind !== 'map') return;
    for (const [key, { value }] of this.node.entries)
      if (value.kind === 'scalar') yield [key, String(value.value)];
  }

  /** One of these words; by default the first. */
  word<const Word extends string>(key: string, words: readonly Word[]): Word | null {
    const text = this.text(key);
    if (text === null) return words[0]!;
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    return this.fault(key, {
      expected: words.join(' or '),
      found: JSON.stringify(text),
      hint: nearestHint(text, words),
    });
  }

  /** Reports every key that is none of these. */
  knows(...keys: readonly string[]): void {
    for (const key of this.keys()) {
      if (keys.includes(key)) continue;
      this.fault(
        key,
        { expected: `one of ${keys.join(', ')}`, found: JSON.stringify(key), hint: nearestHint(key, keys) },
        true,
      );
    }
  }

  missing(key: string, expected: string): null {
    const value = this.get(key) ?? this.node;
    this.#problems.add({ start: value.span.start, end: value.span.start + 1 }, [...this.#path, key], {
      expected,
      found: 'none',
      hint: null,
    });
    return null;
  }

  fault(key: string, fault: Fault, atKey = false): null {
    const entry = this.#map()?.entries.get(key);
    const span = (atKey ? entry?.keySpan : entry?.value.span) ?? this.node.span;
    this.#problems.add(span, [...this.#path, key], fault);
    return null;
  }

  #map(): SourceMap | null {
    return this.node.kind === 'map' ? this.node : null;
  }
}

export function nearestHint(word: string, known: readonly string[]): string | null {
  const meant = nearest(word, known);
  return meant === null ? null : `did you mean ${meant}?`;
}
