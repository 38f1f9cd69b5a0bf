/** The plain values of a document, as the schema sees them: variables expanded, keys that could do harm left out. */

import { integerOf } from '../keys/scalar.ts';
import { type Environment, expand } from './expand.ts';
import type { Fault } from './problem-list.ts';
import {
  MAX_DEPTH,
  type PathKey,
  type SourceMap,
  type SourceNode,
  type SourceScalar,
  type Span,
} from './source.ts';
import type { SourceDocument } from './source-document.ts';

/** How many values aliases may add to those that are written: a bomb of nine lines means billions. */
const MAX_ALIASED = 200_000;

/**
 * Reports to the document's problems. A value that can't be had is left out; its path is among the problems then.
 * @returns `complete: false` where aliases stand for so much that the rest was not looked at
 */
export function valuesOf(document: SourceDocument, env: Environment): { value: unknown; complete: boolean } {
  const builder = new ValueBuilder(document, env);
  return { value: builder.value(document.root), complete: !builder.exhausted };
}

class ValueBuilder {
  readonly #document: SourceDocument;
  readonly #env: Environment;
  readonly #path: PathKey[] = [];
  #budget: number;

  constructor(document: SourceDocument, env: Environment) {
    this.#document = document;
    this.#env = env;
    this.#budget = document.nodeCount + MAX_ALIASED;
  }

  get exhausted(): boolean {
    return this.#budget < 0;
  }

  value(node: SourceNode): unknown {
    if (--this.#budget < 0) return this.#tooMuch(node);
    if (node.kind === 'scalar') return this.#scalar(node);
    if (this.#path.length >= MAX_DEPTH) return this.#tooDeep(node);
    return node.kind === 'map' ? this.#map(node.entries) : this.#list(node.items);
  }

  #list(items: readonly SourceNode[]): unknown[] {
    const list: unknown[] = [];
    for (const [index, item] of items.entries()) list.push(this.#child(index, item));
    return list;
  }

  #map(entries: SourceMap['entries']): object {
    const map: Record<string, unknown> = {};
    for (const [key, { keySpan, value: node }] of entries) {
      // Assigning to it would change the object's prototype instead of adding a key.
      if (key === '__proto__') {
        const fault = {
          expected: 'another name',
          found: '"__proto__"',
          hint: 'JavaScript has a meaning of its own for it',
        };
        this.#document.problems.add(keySpan, [...this.#path, key], fault);
        continue;
      }
      const value = this.#child(key, node);
      if (value !== undefined) map[key] = value;
    }
    return map;
  }

  #child(key: PathKey, node: SourceNode): unknown {
    this.#path.push(key);
    const value = this.value(node);
    this.#path.pop();
    return value;
  }

  #scalar(node: SourceScalar): unknown {
    if (typeof node.value !== 'string' || !node.value.includes('${')) return node.value;
    const expansion = expand(node.value, this.#env);
    // So that `${DB_PORT:-3001}` is a port like any other.
    if (expansion.ok) return integerOf(expansion.text) ?? expansion.text;
    const { reference, ...fault } = expansion;
    const found = this.#document.lines.text.indexOf(reference, node.span.start);
    const inside = found !== -1 && found < node.span.end;
    const span = inside ? { start: found, end: found + reference.length } : node.span;
    return this.#lost(span, fault);
  }

  #lost(span: Span, fault: Fault): undefined {
    this.#document.problems.add(span, this.#path, fault);
    this.#document.problems.lose(this.#path);
    return undefined;
  }

  #tooMuch(node: SourceNode): undefined {
    if (this.#budget < -1) return undefined;
    const fault = {
      expected: `aliases to stand for at most ${MAX_ALIASED} values`,
      found: 'more',
      hint: 'aliases of aliases multiply: write out what is meant',
    };
    return this.#lost(node.span, fault);
  }

  #tooDeep(node: SourceNode): undefined {
    const fault = { expected: `at most ${MAX_DEPTH} levels`, found: 'more', hint: null };
    return this.#lost(node.span, fault);
  }
}
