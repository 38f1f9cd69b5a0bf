import type { Duplex } from 'node:stream';
import { OwnAnswer } from '../answer/own-answer.ts';
import { writeRawAnswer } from '../answer/raw-answer.ts';
import type { Downstream, Fields } from '../exchange/contract.ts';
import { STATUS_CODES } from '../exchange/node-http.ts';

/** Writes the gateway's own answers. */
export interface AnswerWriter {
  /** @param closed called once, when the answer is sent or can't be sent; `completed` says which */
  answer(status: number, fields: Fields, body: Buffer, closed: (completed: boolean) => void): void;
  /** Part of another answer is out already, so the connection breaks off. */
  abort(): void;
}

export class DownstreamWriter implements AnswerWriter {
  readonly #downstream: Downstream;

  constructor(downstream: Downstream) {
    this.#downstream = downstream;
  }

  answer(status: number, fields: Fields, body: Buffer, closed: (completed: boolean) => void): void {
    const own = new OwnAnswer(this.#downstream, closed);
    this.#downstream.head(status, STATUS_CODES[status] ?? '', fields);
    if (body.length > 0 && this.#downstream.method !== 'HEAD') this.#downstream.write(body);
    this.#downstream.end([]);
    own.written();
  }

  abort(): void {
    this.#downstream.abort();
  }
}

/** The socket of an upgrade that was not to be. */
export class SocketWriter implements AnswerWriter {
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
