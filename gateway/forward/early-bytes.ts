import type { Duplex } from 'node:stream';

/**
 * Holds bytes that a client sends before its tunnel is open or its service connected. They have to be read: a connection that is not read
 * does not show that the client has gone.
 */
export class EarlyBytes {
  readonly #client: Duplex;
  readonly #chunks: Buffer[] = [];
  readonly #onLeft: () => void;
  readonly #onEnd: () => void;
  #bytes = 0;

  /**
   * @param onLeft the client closed its connection
   * @param onEnd the client closed its half; by default the same as leaving
   */
  constructor(client: Duplex, head: Buffer, onLeft: () => void, onEnd: () => void = onLeft) {
    this.#client = client;
    this.#onLeft = onLeft;
    this.#onEnd = onEnd;
    client.on('data', this.#take).on('end', this.#ended).on('close', this.#left).on('error', this.#left);
    if (head.length > 0) this.#take(head);
  }

  readonly #take = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // A client that floods the wait is read no further; it will be noticed when the tunnel opens or the wait ends.
    if (this.#bytes >= HELD_MAX_BYTES) this.#client.pause();
  };

  readonly #left = (): void => this.#onLeft();

  readonly #ended = (): void => this.#onEnd();

  /** Stops reading and returns the bytes in order. */
  release(): readonly Buffer[] {
    this.stop();
    this.#client.pause();
    return this.#chunks.splice(0);
  }

  stop(): void {
    const { error, ...others } = { data: this.#take, end: this.#ended, close: this.#left, error: this.#left };
    for (const [event, listener] of Object.entries(others)) this.#client.off(event, listener as () => void);
    // An 'error' event without a listener would end the process.
    this.#client.on('error', () => {}).off('error', error);
  }
}

const HELD_MAX_BYTES = 64 * 1024;
