import { STATUS_CODES } from '../../exchange/node-http.ts';
import type { FileReading } from '../followed-file.ts';

/** A page with places for the words of one answer: `{{status}}`. */
export class PageTemplate {
  /** Text, name, text, name ... text. */
  readonly #pieces: readonly string[];
  /** Of a page without places. */
  readonly #whole: Buffer | null;

  constructor(text: string) {
    this.#pieces = text.split(PLACE);
    this.#whole = this.#pieces.length === 1 ? Buffer.from(text) : null;
  }

  /** The page of one answer. */
  of(status: number, requestId: string): Buffer {
    if (this.#whole !== null) return this.#whole;
    const words: Readonly<Record<string, string>> = {
      status: String(status),
      statusText: STATUS_CODES[status] ?? '',
      requestId,
    };
    return Buffer.from(
      this.#pieces.map((piece, at) => (at % 2 === 0 ? piece : escaped(words[piece]!))).join(''),
    );
  }
}

/** In a page, another `{{name}}` may be there for a script of its own. */
const PLACE = /\{\{ *(status|statusText|requestId) *\}\}/;

/** As HTML text, or as the value of an attribute between quotation marks. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function readTemplate(text: string): FileReading<PageTemplate> {
  if (Buffer.byteLength(text) <= PAGE_MAX_BYTES) return { ok: true, value: new PageTemplate(text) };
  return { ok: false, found: 'more than 256 KiB', hint: 'what it shows may come from a "folder:"' };
}

/** Each client that reads slowly holds a page. */
const PAGE_MAX_BYTES = 256 * 1024;
