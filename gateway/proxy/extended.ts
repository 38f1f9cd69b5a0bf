import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ExtendedExchange, FieldEdit, HandlerDownstream, Tag } from '../forward/extend.ts';
import type { FastifyExchange } from './fastify-exchange.ts';

/** Begins forwarding for an extension's request. */
export type ForwardExtended = (
  exchange: FastifyExchange,
  downstream: HandlerDownstream,
  edit: FieldEdit | null,
) => void;

/**
 * The exchanges on extended routes that wait for the request which @fastify/http-proxy makes of them. That request carries the key
 * of its exchange in a field whose name no client can guess.
 */
export class ExtendedExchanges implements Tag {
  readonly name = `x-portway-${randomBytes(8).toString('hex')}`;
  readonly #forward: ForwardExtended;
  readonly #waiting = new Map<string, Waiting>();
  #last = 0;

  constructor(forward: ForwardExtended) {
    this.#forward = forward;
  }

  /** @param shown the header as the extension met it. */
  add(exchange: FastifyExchange, shown: IncomingHttpHeaders): string {
    const key = String(++this.#last);
    this.#waiting.set(key, { exchange, shown });
    return key;
  }

  take(key: string): ExtendedExchange | undefined {
    const waiting = this.#waiting.get(key);
    if (!waiting) return undefined;
    this.#waiting.delete(key);
    const { exchange, shown } = waiting;
    return {
      original: shown,
      body: exchange.routed?.body ?? null,
      forward: (downstream, edit) => {
        exchange.requests(downstream);
        this.#forward(exchange, downstream, edit);
      },
    };
  }
}

interface Waiting {
  readonly exchange: FastifyExchange;
  readonly shown: IncomingHttpHeaders;
}
