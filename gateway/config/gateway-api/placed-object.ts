/** Objects that stand in no file: written out as a person would see them, so that a problem has a line to show. */

import { MAX_DEPTH, type SourceEntry, type SourceNode } from '../source.ts';

export interface PlacedObject {
  readonly text: string;
  /** Each value at its place behind `start`. */
  readonly node: SourceNode;
}

/** @returns `null` if it is nested too deeply */
export function placedObject(value: unknown, start: number): PlacedObject | null {
  const writer = new Writer(start);
  const node = writer.write(value, 0);
  return writer.tooDeep ? null : { text: writer.text, node };
}

class Writer {
  text = '';
  tooDeep = false;
  readonly #start: number;

  constructor(start: number) {
    this.#start = start;
  }

  write(value: unknown, depth: number): SourceNode {
    if (depth > MAX_DEPTH) this.tooDeep = true;
    const composed = typeof value === 'object' && value !== null && !this.tooDeep;
    if (!composed) return this.#scalar(value);
    const start = this.#at;
    const node = Array.isArray(value) ? this.#list(value, depth) : this.#map(value, depth);
    return { ...node, span: { start, end: this.#at } };
  }

  get #at(): number {
    return this.#start + this.text.length;
  }

  #scalar(value: unknown): SourceNode {
    const start = this.#at;
    this.text += typeof value === 'string' ? written(value) : String(value);
    const plain = ['string', 'number', 'boolean'].includes(typeof value)
      ? (value as string | number | boolean)
      : null;
    return { kind: 'scalar', span: { start, end: this.#at }, value: plain };
  }

  #map(value: object, depth: number) {
    const entries = new Map<string, SourceEntry>();
    for (const [key, each] of Object.entries(value)) {
      if (each === undefined) continue;
      this.#line(depth);
      const start = this.#at;
      this.text += written(key);
      const keySpan = { start, end: this.#at };
      this.text += ': ';
      entries.set(key, { keySpan, value: this.write(each, depth + 1) });
    }
    return { kind: 'map' as const, entries };
  }

  #list(value: readonly unknown[], depth: number) {
    const items = value.map((each) => {
      this.#line(depth);
      this.text += '- ';
      return this.write(each, depth + 1);
    });
    return { kind: 'list' as const, items };
  }

  #line(depth: number): void {
    if (this.text !== '') this.text += `\n${'  '.repeat(depth)}`;
  }
}

function written(text: string): string {
  return /^[\w./*-]+$/.test(text) ? text : JSON.stringify(text);
}
