/** Turns the nodes of the YAML library into ours: anchors resolved, merge keys applied, scalars read. */

import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { plainValue } from '../keys/scalar.ts';
import type { TextLines } from './lines.ts';
import type { ProblemList } from './problem-list.ts';
import {
  MAX_DEPTH,
  type PathKey,
  type SourceEntry,
  type SourceMap,
  type SourceNode,
  type SourceScalar,
  type Span,
} from './source.ts';

/** Merging copies keys: a file of 4 MiB could ask for billions. */
const MAX_MERGED = 200_000;

/** A name for the same value in another place: shared, not copied, so a bomb of aliases stays small until somebody walks it. */
type Anchored = SourceNode | 'open';

export class TreeBuilder {
  nodeCount = 0;
  #mergedCount = 0;
  readonly #lines: TextLines;
  readonly #problems: ProblemList;
  readonly #anchors = new Map<string, Anchored>();
  readonly #path: PathKey[] = [];
  readonly #offset: number;

  /** @param offset where the text of the nodes begins in that of the lines */
  constructor(lines: TextLines, problems: ProblemList, offset = 0) {
    this.#lines = lines;
    this.#problems = problems;
    this.#offset = offset;
  }

  build(node: ParsedNode): SourceNode {
    this.nodeCount++;
    if (isAlias(node)) return this.#aliased(node);
    // An anchor is open while its own content is read: an alias to it in there would never end.
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, 'open');
    const built = this.#built(node);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, built);
    return built;
  }

  #built(node: Exclude<ParsedNode, Alias.Parsed>): SourceNode {
    const span = this.#spanOf(node);
    if (isScalar(node)) return { kind: 'scalar', span, value: valueOfScalar(node) };
    if (this.#path.length >= MAX_DEPTH) return this.#tooDeep(span);
    if (isMap(node)) return this.#map(node as YAMLMap.Parsed, span);
    const items = isSeq(node) ? node.items.map((item, index) => this.#child(index, item as ParsedNode)) : [];
    return { kind: 'list', span, items };
  }

  #child(key: PathKey, node: ParsedNode): SourceNode {
    this.#path.push(key);
    const built = this.build(node);
    this.#path.pop();
    return built;
  }

  #map(node: YAMLMap.Parsed, span: Span): SourceMap {
    const entries = new Map<string, SourceEntry>();
    const merged: SourceMap[] = [];
    for (const pair of node.items) {
      const key = this.#key(pair.key);
      if (key === null) continue;
      const value = pair.value === null ? this.#nothingAfter(pair.key) : this.#child(key, pair.value);
      if (key === '<<') merged.push(...this.#mergeSources(value));
      else this.#enter(entries, key, { keySpan: this.#spanOf(pair.key), value });
    }
    // Keys of the map itself win, then those of the earlier sources: https://yaml.org/type/merge.html
    for (const source of merged) this.#mergeInto(entries, source);
    return { kind: 'map', span, entries };
  }

  #mergeInto(entries: Map<string, SourceEntry>, source: SourceMap): void {
    for (const [key, entry] of source.entries) {
      if (++this.#mergedCount > MAX_MERGED) {
        this.#tooMuchMerged(source.span);
        return;
      }
      if (!entries.has(key)) entries.set(key, entry);
    }
  }

  #tooMuchMerged(span: Span): void {
    if (this.#mergedCount > MAX_MERGED + 1) return;
    this.#problems.add(span, this.#path, {
      expected: `at most ${MAX_MERGED} keys merged in`,
      found: 'more',
      hint: 'write out what is meant',
    });
  }

  #enter(entries: Map<string, SourceEntry>, key: string, entry: SourceEntry): void {
    const first = entries.get(key);
    if (first === undefined) {
      entries.set(key, entry);
      return;
    }
    const { line } = this.#lines.positionOf(first.keySpan.start);
    this.#problems.add(entry.keySpan, [...this.#path, key], {
      expected: 'every key once',
      found: `${JSON.stringify(key)} again`,
      hint: `it stands on line ${line} already: remove one of the two`,
    });
  }

  #key(key: ParsedNode): string | null {
    if (isScalar(key)) return typeof key.value === 'string' ? key.value : '';
    const found = isMap(key) ? 'a map' : isSeq(key) ? 'a list' : 'an alias';
    this.#problems.add(this.#spanOf(key), this.#path, {
      expected: 'a key that is a single word',
      found,
      hint: isAlias(key)
        ? 'put a key that begins with * in quotes'
        : 'put it in quotes if it is meant as text',
    });
    return null;
  }

  #mergeSources(value: SourceNode): SourceMap[] {
    const sources = value.kind === 'list' ? value.items : [value];
    const maps = sources.filter((source) => source.kind === 'map');
    if (maps.length < sources.length && !this.#problems.isLost([...this.#path, '<<'])) {
      this.#problems.add(value.span, [...this.#path, '<<'], {
        expected: 'a map, or a list of maps, to merge in',
        found: 'another value',
        hint: 'write <<: *name, where &name stands at a map',
      });
    }
    return maps;
  }

  #aliased(alias: Alias): SourceNode {
    const span = this.#spanOf(alias as Alias.Parsed);
    const target = this.#anchors.get(alias.source);
    if (target !== undefined && target !== 'open') return target;
    this.#problems.add(span, this.#path, {
      expected: `the name of an anchor (&${alias.source}) above`,
      found: target === 'open' ? `*${alias.source} inside of &${alias.source} itself` : `*${alias.source}`,
      hint: target === 'open' ? 'it would never end' : 'text that begins with * must stand in quotes',
    });
    return this.#lost(span);
  }

  #lost(span: Span): SourceNode {
    this.#problems.lose(this.#path);
    return { kind: 'scalar', span, value: null };
  }

  #tooDeep(span: Span): SourceNode {
    this.#problems.add(span, this.#path, {
      expected: `at most ${MAX_DEPTH} levels`,
      found: 'more',
      hint: 'no key of the configuration needs so many',
    });
    return this.#lost(span);
  }

  #spanOf(node: ParsedNode): Span {
    return { start: this.#offset + node.range[0], end: this.#offset + node.range[1] };
  }

  /** `key:` with nothing behind it. */
  #nothingAfter(key: ParsedNode): SourceNode {
    return { kind: 'scalar', span: this.#spanOf(key), value: null };
  }
}

function valueOfScalar(node: Scalar): SourceScalar['value'] {
  const text = typeof node.value === 'string' ? node.value : '';
  return node.type === 'PLAIN' ? plainValue(text) : text;
}
