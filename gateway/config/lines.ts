/** Offsets of a text as lines and columns. */

import type { SourcePosition } from '../model/config.ts';

export class TextLines {
  readonly text: string;
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.text = text;
    this.#starts = lineStarts(text);
  }

  /** The position of a UTF-16 offset; an offset beyond the end is the end. */
  positionOf(offset: number): SourcePosition {
    const at = Math.min(Math.max(offset, 0), this.text.length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - this.#starts[low]! + 1 };
  }

  /** The text of a line, counted from 1, without its end; empty for a line that does not exist. */
  lineText(line: number): string {
    const start = this.#starts[line - 1];
    if (start === undefined) return '';
    const end = this.#starts[line] ?? this.text.length;
    const text = this.text.slice(start, end);
    return text.endsWith('\n') ? text.slice(0, text.endsWith('\r\n') ? -2 : -1) : text;
  }

  /** The text of the line that an offset stands in, without its end. */
  lineAt(offset: number): string {
    return this.lineText(this.positionOf(offset).line);
  }

  /** The offset at which a line begins, counted from 1. */
  startOf(line: number): number {
    return this.#starts[line - 1] ?? this.text.length;
  }

  get count(): number {
    return this.#starts.length;
  }
}

/** For a text without a file: there is no line to show. */
export class NoLines extends TextLines {
  override positionOf(): SourcePosition {
    return { line: 0, column: 0 };
  }

  override lineText(): string {
    return '';
  }
}

/** `line 3 of the configuration`; for one that was made by code there is no line. */
export function placeText({ line, origin }: SourcePosition): string {
  if (origin !== undefined) return `a label of ${origin}`;
  return line > 0 ? `line ${line} of the configuration` : 'the configuration';
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
