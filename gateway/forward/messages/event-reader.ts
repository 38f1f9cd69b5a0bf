import { StringDecoder } from 'node:string_decoder';
import { MESSAGE_KEPT_BYTES, type MessageSink } from '../../exchange/messages.ts';

/** Reads the events of a stream beside its way (HTML, server-sent events §9.2.6). Of a line without end only the beginning is kept. */
export class EventReader {
  readonly #sink: MessageSink;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  /** The last text ended with a CR, of which an LF may be the second half. */
  #afterReturn = false;
  #name: string | null = null;
  #data = '';
  #dataChars = 0;
  #hasData = false;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  feed(bytes: Buffer): void {
    const text = this.#decoder.write(bytes);
    if (text === '') return;
    const whole = this.#afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.#afterReturn = text.endsWith('\r');
    const lines = whole.split(/\r\n|\r|\n/);
    const rest = lines.pop()!;
    for (const line of lines) {
      this.#extend(line);
      this.#ended(this.#line);
      this.#line = '';
    }
    this.#extend(rest);
  }

  #extend(text: string): void {
    this.#line += text.slice(0, Math.max(0, LINE_MAX_CHARS - this.#line.length));
  }

  #ended(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#name = ownText(value.slice(0, NAME_MAX_CHARS));
    if (name !== 'data') return;
    const more = this.#hasData ? `\n${value}` : value;
    this.#hasData = true;
    this.#dataChars += more.length;
    this.#data += ownText(more.slice(0, Math.max(0, MESSAGE_KEPT_BYTES - this.#data.length)));
  }

  #dispatch(): void {
    if (this.#hasData) {
      const content = Buffer.from(this.#data).subarray(0, MESSAGE_KEPT_BYTES);
      const bytes = Math.max(content.length, this.#dataChars);
      this.#sink.seen({ towards: 'client', kind: 'event', bytes, content, event: this.#name });
    }
    this.#name = null;
    this.#data = '';
    this.#dataChars = 0;
    this.#hasData = false;
  }
}

/** A part of a text keeps all of it, in V8: here a whole read of the connection. */
function ownText(part: string): string {
  return Buffer.from(part, 'utf16le').toString('utf16le');
}

const LINE_MAX_CHARS = 16 * 1024;
const NAME_MAX_CHARS = 100;
