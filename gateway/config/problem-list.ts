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

/** In a file with more, one cause has many effects, or it is none of ours: the others are counted. */
export const MAX_PROBLEMS = 1_000;

/** Around a problem: a file of one line would be kept, and sent from thread to thread, once for each of its problems. */
const KEPT_OF_A_LINE = 1_000;

export class ProblemList {
  readonly #file: string;
  readonly #lines: TextLines;
  readonly #problems = new Map<string, Problem>();
  readonly #paths = new Set<string>();
  readonly #lost = new Set<string>();
  #leftOut = 0;

  constructor(file: string, lines: TextLines) {
    this.#file = file;
    this.#lines = lines;
  }

  /** The same fault at the same place, found again through an alias, is one problem. */
  add(span: Span, path: readonly PathKey[], fault: Fault): void {
    if (this.#problems.size >= MAX_PROBLEMS) {
      this.leaveOut(1);
      return;
    }
    const { line, column, origin } = this.#lines.positionOf(span.start);
    const place = line > 0 ? `${origin ?? ''}:${line}:${column}` : pathText(path);
    const key = `${place}:${fault.expected}:${fault.found}`;
    this.#paths.add(pathText(path));
    if (this.#problems.has(key)) return;
    const whole = this.#lines.lineAt(span.start);
    const onThisLine = Math.max(1, whole.length - column + 1);
    const length = Math.min(Math.max(1, span.end - span.start), onThisLine);
    this.#problems.set(key, {
      ...{ file: origin ?? this.#file, line, column, length, path: short(pathText(path)) },
      ...partOf(whole, column - 1),
      ...{ expected: short(fault.expected), found: short(fault.found) },
      hint: fault.hint === null ? null : short(fault.hint),
    });
  }

  /** Problems that are there, and not described. */
  leaveOut(count: number): void {
    this.#leftOut += count;
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
    const problems = [...this.#problems.values()];
    if (this.#leftOut === 0) return problems;
    // Of the last one's file: where all of these are of containers, the file itself is not at fault.
    const file = problems.at(-1)?.file ?? this.#file;
    const nowhere = { file, line: 0, column: 0, length: 1, path: '', sourceLine: '' };
    return [{ ...nowhere, ...tooMany(problems.length, this.#leftOut) }, ...problems];
  }
}

/** The name of an alias, or what a variable stands for, may be all of a file. */
function short(text: string): string {
  return text.length > KEPT_OF_A_LINE ? `${text.slice(0, KEPT_OF_A_LINE)}...` : text;
}

function partOf(line: string, at: number): { sourceLine: string; sourceFrom?: number } {
  if (line.length <= 2 * KEPT_OF_A_LINE) return { sourceLine: line };
  const from = Math.max(0, at - KEPT_OF_A_LINE);
  return { sourceLine: line.slice(from, at + KEPT_OF_A_LINE), sourceFrom: from };
}

function tooMany(told: number, more: number): Fault {
  return {
    expected: `at most ${MAX_PROBLEMS} problems`,
    found: `these ${told} and ${more} more`,
    hint: 'fix the first ones: the others often have the same cause',
  };
}
