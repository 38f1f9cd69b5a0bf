import type { Reading } from '../exchange/client-exchange.ts';

/**
 * Connections whose last request was refused, and which are not read until they have waited.
 *
 * Reading and refusing a request costs more than half of serving it, so refusing alone can't hold twice the possible load. Unread bytes
 * cost nothing: they stay in the system's buffers, and then at the client. Clients that honour Retry-After stay quiet.
 */
export class SetAside {
  readonly #waiting: { readonly connection: Reading; readonly untilMs: number }[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  add(connection: Reading, untilMs: number): void {
    connection.pause();
    this.#waiting.push({ connection, untilMs });
  }

  /** Resumes those that have waited, in the order of their refusal. */
  release(nowMs: number): void {
    const keep = this.#waiting.findIndex(({ untilMs }) => untilMs > nowMs);
    const released = this.#waiting.splice(0, keep < 0 ? this.#waiting.length : keep);
    for (const { connection } of released) connection.resume();
  }
}
