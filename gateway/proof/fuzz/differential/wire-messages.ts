import { FramingError } from '../../../exchange/framing-error.ts';
import { METHODS } from '../../../exchange/node-http.ts';
import { type AnswerHead, parseAnswerHead } from '../../../wire/answer-head.ts';
import { BodyReader } from '../../../wire/body-reader.ts';
import type { RequestReader } from '../../../wire/request-reader.ts';
import type { ReadMessage } from './reading.ts';

/** The wire lane's readers, put together as its connections do it, over bytes that come in pieces. */
abstract class WireMessages {
  readonly taken: ReadMessage[] = [];
  /** It reads no further: the rest belongs to another reader, or is wrong. */
  stopped = false;
  protected pending: Buffer = Buffer.alloc(0);
  readonly #body = new BodyReader({
    bodyData: (buffer, from, to) => {
      this.taken.at(-1)!.body += buffer.toString('latin1', from, to);
    },
    bodyEnd: (trailers) => {
      Object.assign(this.taken.at(-1)!, { trailers, whole: true });
    },
  });

  add(piece: Buffer): void {
    this.pending = this.pending.length === 0 ? piece : Buffer.concat([this.pending, piece]);
    try {
      for (let before = -1; !this.stopped && this.pending.length !== before; ) {
        before = this.pending.length;
        if (before > 0) this.#step();
      }
    } catch (fault) {
      if (!(fault instanceof FramingError)) throw fault;
      this.stopped = true;
    }
  }

  /** The connection ends in good order. */
  end(): void {
    if (this.#body.endsWithConnection && !this.stopped) this.taken.at(-1)!.whole = true;
  }

  #step(): void {
    const { pending } = this;
    if (!this.#body.done) this.pending = pending.subarray(this.#body.read(pending, 0, pending.length));
    else if (this.taken.at(-1)?.whole && this.last()) this.stopped = true;
    else this.readHead();
  }

  /** Whether nothing may follow the message that was read. */
  protected abstract last(): boolean;
  /** Takes a head off `pending` where there is a whole one. @throws FramingError */
  protected abstract readHead(): void;

  protected begin(
    start: string,
    fields: readonly string[],
    end: 'none' | 'close' | 'chunked' | 'counted',
    length: number,
  ): void {
    this.taken.push({
      start,
      fields,
      body: '',
      trailers: [],
      whole: end === 'none' || (end === 'counted' && length === 0),
    });
    if (end === 'chunked') this.#body.expectChunks();
    else if (end === 'close') this.#body.expectUntilClose();
    else if (length > 0 && end === 'counted') this.#body.expectBytes(length);
  }
}

export class WireRequests extends WireMessages {
  readonly #reader: RequestReader;

  /** @param reader shared by all messages: it holds the last head. */
  constructor(reader: RequestReader) {
    super();
    this.#reader = reader;
  }

  protected override last(): boolean {
    return !this.#reader.persistent;
  }

  protected override readHead(): void {
    const reader = this.#reader;
    const verdict = reader.read(this.pending, 0, this.pending.length);
    if (verdict === 'refused') this.stopped = true;
    if (verdict !== 'taken') return;
    // Stated exceptions (decision 0068): methods are any token, and a higher minor version means 1.1. Node reads neither, nor what follows.
    if (
      !METHODS.includes(reader.method) ||
      HIGHER_MINOR.test(this.pending.toString('latin1', 0, reader.end))
    ) {
      this.stopped = true;
      return;
    }
    this.pending = this.pending.subarray(reader.end);
    this.begin(`${reader.method} ${reader.target}`, reader.fields, reader.framing, reader.length);
  }
}

/** The answer to one request; 1xx are read over. */
export class WireAnswer extends WireMessages {
  readonly #method: string;

  constructor(method: string) {
    super();
    this.#method = method;
  }

  protected override last(): boolean {
    return true;
  }

  protected override readHead(): void {
    const end = this.pending.indexOf('\r\n\r\n');
    if (end < 0) return;
    // As requests.
    if (HIGHER_MINOR.test(this.pending.toString('latin1', 0, end + 4))) {
      this.stopped = true;
      return;
    }
    const head: AnswerHead = parseAnswerHead(this.pending.toString('latin1', 0, end + 4), this.#method);
    this.pending = this.pending.subarray(end + 4);
    if (head.status < 200) {
      // As ServiceConnection does.
      if (head.status === 101 || !head.persistent) throw new FramingError('a 1xx that would be the end');
      return;
    }
    this.begin(`${head.status} ${head.reason}`, head.fields, head.end, head.length);
  }
}

/** In the first line alone. */
const HIGHER_MINOR = /^(?:\r\n)?[^\r\n]*HTTP\/1\.[2-9]/;
