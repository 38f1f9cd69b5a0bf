import type { Reading } from '../exchange/client-exchange.ts';

/**
 * Connections whose last request was refused, and from which nothing is read until they have waited.
 *
 * To read a request and refuse it costs more than half of what serving it does, so refusing alone can't hold a load of twice what is
 * possible. What is not read costs nothing: it stays with the system, and then with the client. Clients that honour Retry-After stay quiet.
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

  /** Goes on with those who have waited, in the order in which they came. */
  release(nowMs: number): void {
    const keep = this.#waiting.findIndex(({ untilMs }) => untilMs > nowMs);
    const released = this.#waiting.splice(0, keep < 0 ? this.#waiting.length : keep);
    for (const { connection } of released) connection.resume();
  }
}
