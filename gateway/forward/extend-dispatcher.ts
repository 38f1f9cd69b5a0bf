import { Dispatcher } from 'undici';
import type { RequestBody } from '../exchange/contract.ts';
import { rescue } from '../exchange/rescue.ts';
import { editOf, type FieldEdit, HandlerDownstream, type Tag } from './extend.ts';

/**
 * Stands where undici would connect. @fastify/http-proxy believes that it talks to an undici dispatcher; its request is carried by
 * the same forwarding as every other, with our balancing, retries, timeouts, fields and errors.
 */
export class ExtendDispatcher extends Dispatcher {
  readonly #tag: Tag;

  constructor(tag: Tag) {
    super();
    this.#tag = tag;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const headers = (options.headers ?? {}) as Record<string, string | string[] | undefined>;
    const exchange = this.#tag.take(String(headers[this.#tag.name]));
    if (!exchange) throw new Error('a request that belongs to no exchange');
    const own = replacedBody(options);
    const answer = new HandlerDownstream(options.method, own ?? exchange.body, handler);
    answer.begin();
    try {
      const edit = editOf(exchange.original, headers, this.#tag.name);
      exchange.forward(answer, own ? withLength(edit, own.length!) : edit);
    } catch (cause) {
      answer.fail(rescue(cause, 'head'));
    }
    return true;
  }
}

/** Where an extension gave a body of its own, it is a string or a buffer; a stream is the client's, which we read ourselves. */
function replacedBody({ body }: Dispatcher.DispatchOptions): RequestBody | null {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return null;
  const bytes = Buffer.from(body as string);
  if (bytes.length === 0) return null;
  return {
    length: bytes.length,
    read(sink) {
      sink.data(bytes);
      sink.end([]);
    },
    pause() {},
    resume() {},
  };
}

/** A body of the extension's own has a length of its own. */
function withLength(edit: FieldEdit | null, length: number): FieldEdit {
  const set = new Map([...(edit?.set ?? []), ['content-length', [String(length)]] as const]);
  return { removed: edit?.removed ?? new Set(), set };
}
