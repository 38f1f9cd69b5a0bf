import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { writeRawAnswer } from '../error/raw-answer.ts';
import type { Downstream, Fields } from '../forward/exchange.ts';

/** Where the gateway's own answers go, whatever they are written to. */
export interface AnswerPlace {
  /** @param closed called once, when the answer is out or can't get out; `completed` tells which. */
  answer(status: number, fields: Fields, body: Buffer, closed: (completed: boolean) => void): void;
  /** Part of another answer is out already: what is left is to break off. */
  abort(): void;
}

export class DownstreamPlace implements AnswerPlace {
  readonly #downstream: Downstream;

  constructor(downstream: Downstream) {
    this.#downstream = downstream;
  }

  answer(status: number, fields: Fields, body: Buffer, closed: (completed: boolean) => void): void {
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    this.#downstream.listen({
      drained() {},
      closed: (completed) => {
        over = true;
        clearTimeout(timer);
        closed(completed);
      },
    });
    this.#downstream.head(status, STATUS_CODES[status] ?? '', fields);
    if (body.length > 0 && this.#downstream.method !== 'HEAD') this.#downstream.write(body);
    this.#downstream.end([]);
    // A client that asks on and on and reads nothing would keep its connection for ever.
    if (!over) timer = setTimeout(() => this.abort(), UNREAD_MS);
  }

  abort(): void {
    this.#downstream.abort();
  }
}

/** The socket of an upgrade that was not to be. */
export class SocketPlace implements AnswerPlace {
  readonly #socket: Duplex;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  answer(status: number, fields: Fields, body: Buffer, closed: (completed: boolean) => void): void {
    writeRawAnswer(this.#socket, { status, fields, body });
    closed(true);
  }

  abort(): void {
    this.#socket.destroy();
  }
}

/** For a client to take what is no more than some kilobytes. */
const UNREAD_MS = 60_000;
