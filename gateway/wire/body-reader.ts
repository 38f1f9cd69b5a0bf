import type { Fields } from '../exchange/contract.ts';
import { FramingError } from '../exchange/framing-error.ts';
import { splitFields } from './fields.ts';
import { TRAILER_SECTION } from './grammar.ts';

/** Receives a body as it is read. */
export interface BodyReaderSink {
  /** Bytes `from` to `to` of the buffer belong to the body. They are the sink's only during the call: the buffer may be read into again. */
  bodyData(buffer: Buffer, from: number, to: number): void;
  bodyEnd(trailers: Fields): void;
}

type State = 'idle' | 'counted' | 'until-close' | 'size' | 'chunk' | 'chunk-end' | 'trailers';

/**
 * Reads the bodies of one connection, one after the other (RFC 9112 §6.3). A body ends by its framing, except one that lasts until the
 * connection closes.
 */
export class BodyReader {
  readonly #sink: BodyReaderSink;
  #state: State = 'idle';
  /** Bytes that are still to come of the body, or of the chunk. */
  #left = 0;
  /** The beginning of a line whose end has not come yet. */
  #line = '';

  constructor(sink: BodyReaderSink) {
    this.#sink = sink;
  }

  get done(): boolean {
    return this.#state === 'idle';
  }

  /** Whether the end of the connection is the proper end of this body (RFC 9112 §6.3, the last case). */
  get endsWithConnection(): boolean {
    return this.#state === 'until-close';
  }

  /** @param bytes more than 0. */
  expectBytes(bytes: number): void {
    this.#state = 'counted';
    this.#left = bytes;
  }

  expectChunks(): void {
    this.#state = 'size';
    this.#line = '';
  }

  expectUntilClose(): void {
    this.#state = 'until-close';
  }

  /** The body is given up. */
  reset(): void {
    this.#state = 'idle';
  }

  /** @returns where the body ended, or `to`. @throws FramingError */
  read(buffer: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state !== 'idle') at = this.#step(buffer, at, to);
    return at;
  }

  #step(buffer: Buffer, at: number, to: number): number {
    switch (this.#state) {
      case 'counted':
      case 'chunk':
        return this.#counted(buffer, at, to);
      case 'until-close':
        this.#sink.bodyData(buffer, at, to);
        return to;
      default:
        return this.#lineOf(buffer, at, to);
    }
  }

  #counted(buffer: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#left);
    this.#left -= end - at;
    const last = this.#left === 0;
    const isChunk = this.#state === 'chunk';
    if (last) this.#state = isChunk ? 'chunk-end' : 'idle';
    this.#sink.bodyData(buffer, at, end);
    if (last && !isChunk) this.#sink.bodyEnd(NO_FIELDS);
    return end;
  }

  /** Size lines, the line end behind a chunk, and trailers: all end with CRLF, and any of them may come in pieces. */
  #lineOf(buffer: Buffer, at: number, to: number): number {
    const lf = buffer.indexOf(LF, at);
    const end = lf < 0 || lf >= to ? to : lf + 1;
    const line = this.#line + buffer.toString('latin1', at, end);
    if (line.length > this.#lineMax)
      throw new FramingError('a line of a chunked body is too long', this.#state === 'trailers');
    if (line.charCodeAt(line.length - 1) !== LF) {
      this.#line = line;
      return end;
    }
    this.#line = '';
    this.#took(line);
    return end;
  }

  get #lineMax(): number {
    return this.#state === 'trailers' ? TRAILERS_MAX_BYTES : LINE_MAX_BYTES;
  }

  #took(line: string): void {
    if (this.#state === 'size') this.#chunkBegins(line);
    else if (this.#state === 'chunk-end') this.#chunkEnds(line);
    else this.#trailerLine(line);
  }

  /** RFC 9112 §7.1: the size of the chunk. Its extensions (§7.1.1) are dropped. */
  #chunkBegins(line: string): void {
    const size = SIZE_LINE.exec(line)?.[1];
    if (size === undefined) throw new FramingError('a chunk without a proper size');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
  }

  #chunkEnds(line: string): void {
    if (line !== '\r\n') throw new FramingError('a chunk that is longer than its size');
    this.#state = 'size';
  }

  /** Kept together until the empty line, so that one expression judges all of them. */
  #trailerLine(line: string): void {
    const ends = line === '\r\n' || line.endsWith('\r\n\r\n');
    if (!ends) {
      this.#line = line;
      return;
    }
    if (!TRAILER_SECTION.test(line) || FRAMING_FIELD.test(line))
      throw new FramingError('trailers that are no fields, or would frame the body behind which they stand');
    this.#state = 'idle';
    this.#sink.bodyEnd(line.length === 2 ? NO_FIELDS : splitFields(line, 0, line.length - 2));
  }
}

/**
 * Any number of zeros, and at most 2^52 bytes. White space in front of an extension is refused, because readers differ about it, and so are
 * extensions other than tokens and quoted text (RFC 9112 §7.1.1).
 */
const SIZE_LINE =
  /^0*([0-9a-fA-F]{1,13})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*\r\n$/;
/** Node's parser acts upon them wherever they stand. */
const FRAMING_FIELD = /^(?:content-length|transfer-encoding|connection|proxy-connection|upgrade):/im;
const LF = 0x0a;
const LINE_MAX_BYTES = 4 * 1024;
const TRAILERS_MAX_BYTES = 16 * 1024;
const NO_FIELDS: Fields = [];
