import type { Socket } from 'node:net';
import { PATIENCE_MS } from './poll.ts';

/** How the other side let go of a connection: an orderly end, or a reset (also what a write into a dead connection gives). */
export type Ending = 'fin' | 'reset';

const NOTHING = Buffer.alloc(0);

const ours = Symbol('a socket of the test kit');

/** Tells the kit's own sockets from the gateway's where both live in one process. */
export function isKitSocket(socket: object): boolean {
  return ours in socket;
}

export function markKitSocket<S extends object>(socket: S): S {
  return Object.assign(socket, { [ours]: true });
}

/**
 * One end of a connection, read on demand: unread bytes stay in the kernel, so a test that doesn't read
 * is a slow reader. Every wait has a deadline whose message shows the bytes that had arrived.
 */
export class Wire {
  readonly socket: Socket;
  /** Bytes that have arrived so far, taken or not. */
  receivedBytes = 0;
  readonly #name: string;
  /** Bytes that arrived and were not taken; their memory may have room behind them. */
  #buffered: Buffer = NOTHING;
  /** Bytes of that room. */
  #room = 0;
  #ending: Ending | null = null;

  constructor(socket: Socket, name: string) {
    this.socket = markKitSocket(socket);
    this.#name = name;
    socket.setNoDelay(true);
    socket.on('end', () => {
      this.#ending ??= 'fin';
    });
    socket.on('error', () => {
      this.#ending ??= 'reset';
    });
  }

  /** Sends exactly these bytes (a string is latin-1) and resolves when the kernel has taken them all. */
  async send(bytes: string | Uint8Array): Promise<void> {
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    // A peer may be gone already: that is for `ending` to tell, not for a sender.
    await new Promise<void>((resolve) => this.socket.write(data, () => resolve()));
  }

  /** Ends our direction; the other stays open. */
  fin(): void {
    this.socket.end();
  }

  /** Ends the connection with a reset, as a killed process or a cut cable does. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Lets go of everything. */
  destroy(): void {
    this.socket.destroy();
  }

  /** The next `count` bytes. */
  async bytes(count: number, withinMs = PATIENCE_MS): Promise<Buffer> {
    return this.take(`${count} bytes`, (seen) => (seen.length >= count ? count : null), withinMs);
  }

  /** Everything up to and with the first occurrence of `mark`. */
  async until(mark: string, withinMs = PATIENCE_MS): Promise<string> {
    const find = (seen: Buffer) => {
      const at = seen.indexOf(mark, 0, 'latin1');
      return at < 0 ? null : at + mark.length;
    };
    return (await this.take(JSON.stringify(mark), find, withinMs)).toString('latin1');
  }

  /** Reads and forgets `count` bytes, for bodies that are too large to keep. */
  async discard(count: number, withinMs = PATIENCE_MS): Promise<void> {
    let left = count;
    while (left > 0) {
      const some = await this.take('more of a body', (seen) => Math.min(seen.length, left) || null, withinMs);
      left -= some.length;
    }
  }

  /** All bytes until the other side ended, and how it did. */
  async rest(withinMs = PATIENCE_MS): Promise<{ bytes: Buffer; ending: Ending }> {
    await this.#wait('the end of the connection', () => this.#ending !== null || null, withinMs);
    const bytes = this.#buffered;
    this.#buffered = NOTHING;
    this.#room = 0;
    return { bytes, ending: this.#ending ?? 'fin' };
  }

  /** Waits for the other side to end, whatever it sends before. */
  async ending(withinMs = PATIENCE_MS): Promise<Ending> {
    return (await this.rest(withinMs)).ending;
  }

  /** Bytes that arrived and were not taken yet, after reading those that the kernel holds. */
  unread(): Buffer {
    this.#pull();
    return this.#buffered;
  }

  /** How the other side ended, where it is known by now. */
  get ended(): Ending | null {
    return this.#ending;
  }

  /**
   * Takes as many bytes as `find` says, asking it again whenever more have arrived.
   * @throws if the connection ends or the time is up before `find` is content.
   */
  async take(what: string, find: (seen: Buffer) => number | null, withinMs = PATIENCE_MS): Promise<Buffer> {
    const end = await this.#wait(
      what,
      () => {
        const found = find(this.#buffered);
        if (found === null && this.#ending !== null) throw this.#failure(`no ${what}: the connection ended`);
        return found;
      },
      withinMs,
    );
    const taken = this.#buffered.subarray(0, end);
    this.#buffered = this.#buffered.subarray(end);
    return taken;
  }

  async #wait<T>(what: string, check: () => T | null, withinMs: number): Promise<T> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      this.#pull();
      const result = check();
      if (result !== null) return result;
      const left = deadline - performance.now();
      if (left <= 0) throw this.#failure(`no ${what} within ${withinMs} ms`);
      await this.#stirred(left);
    }
  }

  #pull(): void {
    for (;;) {
      const chunk: Buffer | null = this.socket.read();
      if (chunk === null) break;
      this.receivedBytes += chunk.length;
      this.#append(chunk);
    }
    if (this.socket.destroyed && !this.socket.connecting) this.#ending ??= 'reset';
  }

  /** Into room that doubles, because to copy megabytes for each piece of them would take most of a test's time. */
  #append(chunk: Buffer): void {
    const { length, buffer, byteOffset } = this.#buffered;
    if (length === 0) {
      this.#buffered = chunk;
      this.#room = 0;
      return;
    }
    const whole = length + chunk.length;
    if (this.#room >= chunk.length) {
      this.#buffered = Buffer.from(buffer, byteOffset, whole);
      this.#room -= chunk.length;
    } else {
      const grown = Buffer.allocUnsafeSlow(2 * whole);
      this.#buffered.copy(grown);
      this.#buffered = grown.subarray(0, whole);
      this.#room = whole;
    }
    chunk.copy(this.#buffered, length);
  }

  async #stirred(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    const events = ['readable', 'end', 'close', 'error'] as const;
    for (const event of events) this.socket.on(event, resolve);
    await promise;
    for (const event of events) this.socket.off(event, resolve);
    clearTimeout(timer);
  }

  #failure(problem: string): Error {
    const { length } = this.#buffered;
    const seen = this.#buffered.subarray(0, 600).toString('latin1');
    const state = this.#ending === null ? 'open' : `ended by ${this.#ending}`;
    return new Error(
      `${this.#name}: ${problem}. The connection is ${state}; ${length} bytes had come and were not taken: ` +
        `${JSON.stringify(seen)}${length > 600 ? ' ...' : ''}`,
    );
  }
}
