import { type RequestHead, readBody, requestFraming } from '../../testing/http-message.ts';
import type { Wire } from '../../testing/wire.ts';
import type { Tally } from './tally.ts';

/** Longer than any row: the other side ends the wait. */
export const foreverMs = 3_600_000;

/** One request as the service sees it, and the connection to answer or to mistreat. */
export class ServiceExchange {
  readonly head: RequestHead;
  readonly wire: Wire;
  /** Requests that this connection has brought before. */
  readonly before: number;
  readonly #query: URLSearchParams;
  readonly #tally: Tally;

  constructor(head: RequestHead, wire: Wire, before: number, tally: Tally) {
    this.head = head;
    this.wire = wire;
    this.before = before;
    this.#query = new URL(head.target, 'http://service').searchParams;
    this.#tally = tally;
    tally.arrived(this.tag, this.id);
  }

  get behaviour(): string {
    return /^\/([^/?]*)/.exec(this.head.target)?.[1] ?? '';
  }

  get tag(): string {
    return this.word('tag', 'none');
  }

  get id(): string {
    return this.word('id', 'none');
  }

  word(name: string, fallback: string): string {
    return this.#query.get(name) ?? fallback;
  }

  number(name: string, fallback: number): number {
    return Number(this.#query.get(name) ?? fallback);
  }

  /** Reads the request's body to its end. @returns its bytes. */
  async body(): Promise<number> {
    const { body } = await readBody(this.wire, requestFraming(this.head), foreverMs);
    this.#tally.took(this.tag, body.length);
    return body.length;
  }

  /** Sends a whole answer. */
  async answer(status: number, fields: readonly string[], body: string | Buffer): Promise<void> {
    const data = typeof body === 'string' ? Buffer.from(body) : body;
    await this.wire.send(
      Buffer.concat([Buffer.from(answerHead(status, [...fields, `Content-Length: ${data.length}`])), data]),
    );
  }

  /** Waits until the other side lets go, and notes when. */
  async untilLeft(): Promise<void> {
    await this.wire.ending(foreverMs);
    this.noteLeft();
  }

  noteLeft(): void {
    this.#tally.left(this.tag, this.id);
  }
}

export function answerHead(status: number, fields: readonly string[]): string {
  return `${[`HTTP/1.1 ${status} Reason`, ...fields].join('\r\n')}\r\n\r\n`;
}
