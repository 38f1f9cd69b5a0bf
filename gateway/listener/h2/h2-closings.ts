import type { Logger } from 'pino';

/** Why a connection was closed because of its client's frames. */
export type ClosingReason = 'flood' | 'protocol';

/** HTTP/2 connections that were closed because of their clients' frames. All are counted; the log gets one line per minute. */
export class H2Closings {
  readonly counts: Record<ClosingReason, number> = { flood: 0, protocol: 0 };
  readonly #log: Pick<Logger, 'warn'>;
  #toldAt = Number.NEGATIVE_INFINITY;
  #unlogged = 0;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** @param client its address */
  note(why: ClosingReason, client: string): void {
    this.counts[why]++;
    this.#unlogged++;
    const now = performance.now();
    if (now - this.#toldAt < LINE_EVERY_MS) return;
    this.#toldAt = now;
    this.#log.warn(
      { client, why, closed: this.#unlogged },
      'a connection of HTTP/2 was closed for what its client sent',
    );
    this.#unlogged = 0;
  }

  /** @param errno nghttp2's own, of a session that it has ended; others are of the connection itself */
  noteError({ code, errno }: NodeJS.ErrnoException, client: string): void {
    if (code?.startsWith('ERR_HTTP2_')) this.note(FLOODS.has(errno ?? 0) ? 'flood' : 'protocol', client);
  }
}

const LINE_EVERY_MS = 60_000;

/** NGHTTP2_ERR_: BAD_CLIENT_MAGIC is -903; too many frames that are invalid, that want an answer, or that go on with a head. */
const FLOODS: ReadonlySet<number> = new Set([-902, -904, -905]);
