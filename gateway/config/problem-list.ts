/** Collects the problems of one text, each tied to a span of it. */

import type { TextLines } from './lines.ts';
import type { Problem } from './problem.ts';
import { type PathKey, pathText, type Span } from './source.ts';

/** A fault, without its place. */
export interface Fault {
  readonly expected: string;
  readonly found: string;
  readonly hint: string | null;
}

export class ProblemList {
  readonly #file: string;
  readonly #lines: TextLines;
  readonly #problems = new Map<string, Problem>();
  readonly #paths = new Set<string>();
  readonly #lost = new Set<string>();

  constructor(file: string, lines: TextLines) {
    this.#file = file;
    this.#lines = lines;
  }

  /** The same fault at the same place, found again through an alias, is one problem. */
  add(span: Span, path: readonly PathKey[], fault: Fault): void {
    const { line, column, origin } = this.#lines.positionOf(span.start);
    const place = line > 0 ? `${origin ?? ''}:${line}:${column}` : pathText(path);
    const key = `${place}:${fault.expected}:${fault.found}`;
    this.#paths.add(pathText(path));
    if (this.#problems.has(key)) return;
    const sourceLine = this.#lines.lineAt(span.start);
    const onThisLine = Math.max(1, sourceLine.length - column + 1);
    const length = Math.min(Math.max(1, span.end - span.start), onThisLine);
    this.#problems.set(key, {
      ...{ file: origin ?? this.#file, line, column, length, path: pathText(path), sourceLine },
      ...fault,
    });
  }

  /** The value at this path is unusable, and its problems are reported already. */
  lose(path: readonly PathKey[]): void {
    this.#lost.add(pathText(path));
  }

  isLost(path: readonly PathKey[]): boolean {
    return this.#lost.size > 0 && this.#lost.has(pathText(path));
  }

  /** Whether something is wrong with that key of the top level, or below it. */
  touches(key: string): boolean {
    for (const path of this.#paths) if (path === key || path.startsWith(`${key}.`)) return true;
    return false;
  }

  get size(): number {
    return this.#problems.size;
  }

  all(): Problem[] {
    return [...this.#problems.values()];
  }
}
