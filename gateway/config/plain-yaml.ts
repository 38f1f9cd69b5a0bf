/**
 * Reads at once what is plainly YAML, and hands over whatever is not: the library takes a second for a file of ten thousand routes, this
 * some hundredths of it.
 *
 * It takes block maps and lists, flow maps and lists within a line, words and simple quotes, in printable ASCII. Anchors, tags, block
 * scalars, values of several lines, escapes, a key that is there twice and everything that could be a mistake are the library's. What it
 * takes, it reads as the library does (`plain-yaml.test.ts` holds them against each other), but for the spans of maps and lists: problems
 * are told of what the library has read.
 */

import type { TextLines } from './lines.ts';
import { ProblemList } from './problem-list.ts';
import { plainValue } from './scalar.ts';
import { MAX_DEPTH, type SourceDocument, type SourceEntry, type SourceNode, type Span } from './source.ts';

/** `null`: not plain enough, or not right. */
export function parsePlain(file: string, lines: TextLines): SourceDocument | null {
  if (!/^[\x20-\x7e\n]*$/.test(lines.text)) return null;
  const reader = new PlainReader(lines.text);
  const root = reader.read();
  if (root === null) return null;
  return { file, lines, root, nodeCount: reader.nodeCount, problems: new ProblemList(file, lines) };
}

/** What nests deeper, and keys that are longer, have limits that the library and `tree.ts` tell. */
const MAX_NESTED = MAX_DEPTH - 2;
const MAX_KEY_LENGTH = 1000;

/** Each method stands where something begins, and goes behind its end; `null` and `false` are doubts, and end it all. */
class PlainReader {
  nodeCount = 0;
  readonly #text: string;
  #at = 0;
  /** Of the line at hand; -1 behind the last one. */
  #indent = 0;

  // Sticky, so that nothing is cut out of the text to look at it. Words begin with what begins nothing else, and a colon is part of one
  // where it goes on behind it (YAML 1.2.2 §7.3.3).
  readonly #blankLine = / *(?:#[^\n]*)?\n/y;
  readonly #spaces = / */y;
  readonly #restOfLine = / *(?: #[^\n]*)?(?:\n|$)/y;
  readonly #key = /[\w/.$](?:[\w/.$~%@+=-]|:(?=[\w/.$]))*(?=:(?:[ \n]|$))/y;
  readonly #quoted = /"[^"\\\n]*"|'[^'\n]*'/y;
  readonly #blockWord = /[\w/.$][^\n]*/y;
  readonly #flowWord = /[\w/.$](?:[\w/.$~%@+=*()"'<>-]|:(?=[\w/.$])| (?=[\w/.$(<=*+"'-]))*/y;

  constructor(text: string) {
    this.#text = text;
  }

  read(): SourceNode | null {
    if (!this.#nextLine() || this.#indent !== 0) return null;
    const root = this.#blockMap(0, 0);
    return root !== null && this.#at === this.#text.length ? root : null;
  }

  /** Goes to the first character of the next line that says something. `false`: there is none. */
  #nextLine(): boolean {
    // One by one: a pattern for all of them would remember millions.
    while (this.#skip(this.#blankLine));
    const start = this.#at;
    this.#skip(this.#spaces);
    this.#indent = this.#at - start;
    // A comment that no line break ends is the last line.
    if (this.#at < this.#text.length && this.#char() !== '#') return true;
    this.#at = this.#text.length;
    this.#indent = -1;
    return false;
  }

  #block(depth: number): SourceNode | null {
    const isList = this.#char() === '-';
    return isList ? this.#blockList(this.#indent, depth) : this.#blockMap(this.#indent, depth);
  }

  #blockMap(indent: number, depth: number): SourceNode | null {
    if (depth > MAX_NESTED) return null;
    const entries = new Map<string, SourceEntry>();
    const start = this.#at;
    this.nodeCount++;
    while (this.#indent === indent) if (!this.#blockEntry(entries, indent, depth)) return null;
    if (this.#indent > indent) return null;
    return { kind: 'map', span: { start, end: this.#at }, entries };
  }

  #blockEntry(entries: Map<string, SourceEntry>, indent: number, depth: number): boolean {
    const start = this.#at;
    const key = this.#keyOf(this.#key);
    if (key === null || entries.has(key) || !this.#take(':')) return false;
    const end = this.#at;
    const keySpan = { start, end: end - 1 };
    const value = this.#skip(this.#restOfLine)
      ? this.#below(indent, depth, end)
      : this.#beside(indent, depth);
    if (value === null) return false;
    entries.set(key, { keySpan, value });
    return true;
  }

  #blockList(indent: number, depth: number): SourceNode | null {
    if (depth > MAX_NESTED) return null;
    const items: SourceNode[] = [];
    const start = this.#at;
    this.nodeCount++;
    while (this.#indent === indent) {
      if (!this.#take('-') || this.#char() !== ' ') return null;
      const item = this.#blockItem(indent, depth);
      if (item === null) return null;
      items.push(item);
    }
    if (this.#indent > indent) return null;
    return { kind: 'list', span: { start, end: this.#at }, items };
  }

  /** A map may begin on the line of its dash. */
  #blockItem(indent: number, depth: number): SourceNode | null {
    const dash = this.#at - 1;
    this.#skip(this.#spaces);
    const start = this.#at;
    const isMap = this.#keyOf(this.#key) !== null && this.#char() === ':';
    this.#at = start;
    if (!isMap) return this.#beside(indent, depth);
    this.#indent = indent + start - dash;
    return this.#blockMap(this.#indent, depth + 1);
  }

  /** What stands on the lines below a key. */
  #below(indent: number, depth: number, end: number): SourceNode | null {
    this.#nextLine();
    if (this.#indent > indent) return this.#block(depth + 1);
    // A list may begin in the column of its key, and the place of nothing depends on comments: the library knows all of that.
    const isList = this.#indent === indent && this.#char() === '-';
    if (isList || (this.#text[end] ?? '\n') !== '\n') return null;
    return this.#scalar({ start: end, end }, null);
  }

  /** What stands on the line of its key or dash, and ends there. */
  #beside(indent: number, depth: number): SourceNode | null {
    this.#skip(this.#spaces);
    const value = /[[{"']/.test(this.#char()) ? this.#flow(depth + 1) : this.#word();
    if (value === null || !this.#skip(this.#restOfLine)) return null;
    this.#nextLine();
    // A line that is indented deeper would go on with it.
    return this.#indent > indent ? null : value;
  }

  #word(): SourceNode | null {
    const start = this.#at;
    if (!this.#skip(this.#blockWord)) return null;
    const line = this.#text.slice(start, this.#at);
    const comment = line.search(/ #/);
    const word = (comment === -1 ? line : line.slice(0, comment)).trimEnd();
    if (/:(?: |$)/.test(word)) return null;
    this.#at = start + word.length;
    return this.#scalar({ start, end: this.#at }, plainValue(word));
  }

  #flow(depth: number): SourceNode | null {
    if (depth > MAX_NESTED) return null;
    if (this.#char() === '[') return this.#flowList(depth);
    if (this.#char() === '{') return this.#flowMap(depth);
    const start = this.#at;
    if (this.#skip(this.#quoted))
      return this.#scalar({ start, end: this.#at }, this.#text.slice(start + 1, this.#at - 1));
    if (!this.#skip(this.#flowWord)) return null;
    return this.#scalar({ start, end: this.#at }, plainValue(this.#text.slice(start, this.#at)));
  }

  #flowList(depth: number): SourceNode | null {
    const start = this.#at;
    const items: SourceNode[] = [];
    this.nodeCount++;
    const closed = this.#each(']', () => {
      const item = this.#flow(depth + 1);
      if (item !== null) items.push(item);
      return item !== null;
    });
    return closed ? { kind: 'list', span: { start, end: this.#at }, items } : null;
  }

  #flowMap(depth: number): SourceNode | null {
    const start = this.#at;
    const entries = new Map<string, SourceEntry>();
    this.nodeCount++;
    const closed = this.#each('}', () => this.#flowEntry(entries, depth));
    return closed ? { kind: 'map', span: { start, end: this.#at }, entries } : null;
  }

  #flowEntry(entries: Map<string, SourceEntry>, depth: number): boolean {
    const start = this.#at;
    const key = this.#keyOf(this.#key);
    const keySpan = { start, end: this.#at };
    if (key === null || entries.has(key) || !this.#take(':') || !this.#take(' ')) return false;
    this.#skip(this.#spaces);
    const value = this.#flow(depth + 1);
    if (value === null) return false;
    entries.set(key, { keySpan, value });
    return true;
  }

  /** Between brackets, with commas; one too many is a doubt. */
  #each(close: string, one: () => boolean): boolean {
    this.#at++;
    this.#skip(this.#spaces);
    if (this.#take(close)) return true;
    for (;;) {
      if (!one()) return false;
      this.#skip(this.#spaces);
      if (this.#take(close)) return true;
      if (!this.#take(',')) return false;
      this.#skip(this.#spaces);
    }
  }

  #keyOf(word: RegExp): string | null {
    const start = this.#at;
    const isWord = this.#skip(word);
    if (!isWord && !this.#skip(this.#quoted)) return null;
    if (this.#at - start > MAX_KEY_LENGTH) return null;
    return isWord ? this.#text.slice(start, this.#at) : this.#text.slice(start + 1, this.#at - 1);
  }

  #scalar(span: Span, value: string | number | boolean | null): SourceNode {
    this.nodeCount++;
    return { kind: 'scalar', span, value };
  }

  #char(): string {
    return this.#text.charAt(this.#at);
  }

  #take(char: string): boolean {
    if (this.#char() !== char) return false;
    this.#at++;
    return true;
  }

  /** Whether the pattern is here; goes behind it. */
  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }
}
