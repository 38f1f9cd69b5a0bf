import type { Duplex } from 'node:stream';

/**
 * Holds what a client sends before its tunnel is open. It has to be read, not left lying: a connection that nobody reads does not tell
 * that the client has gone.
 */
export class EarlyBytes {
  readonly #client: Duplex;
  readonly #chunks: Buffer[] = [];
  readonly #onLeft: () => void;
  #bytes = 0;

  /** @param onLeft the client closed its connection, or its half of it: either way nobody is left to open a tunnel for. */
  constructor(client: Duplex, head: Buffer, onLeft: () => void) {
    this.#client = client;
    this.#onLeft = onLeft;
    client.on('data', this.#take).on('end', this.#left).on('close', this.#left).on('error', this.#left);
    if (head.length > 0) this.#take(head);
  }

  readonly #take = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // A client that floods the wait is read no further; it will be noticed when the tunnel opens or the wait ends.
    if (this.#bytes >= HELD_MAX_BYTES) this.#client.pause();
  };

  readonly #left = (): void => this.#onLeft();

  /** Lets go of the connection and hands over what was held, in order. */
  release(): readonly Buffer[] {
    this.stop();
    this.#client.pause();
    return this.#chunks.splice(0);
  }

  stop(): void {
    const { error, ...others } = { data: this.#take, end: this.#left, close: this.#left, error: this.#left };
    for (const [event, listener] of Object.entries(others)) this.#client.off(event, listener as () => void);
    // An error that nobody listens to would end the process.
    this.#client.on('error', () => {}).off('error', error);
  }
}

const HELD_MAX_BYTES = 64 * 1024;
