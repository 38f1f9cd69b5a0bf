import { Writable } from 'node:stream';

export interface WritingOwner {
  /** @returns whether there is room for so many more bytes. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  /** The whole body has come. @returns whether it was kept. */
  keep(body: Buffer): boolean;
  /** It is over, one way or another. */
  settled(kept: boolean): void;
}

/** A body on its way into a store: gathered beside its way to the client, and kept when it is whole. */
export class Writing extends Writable {
  readonly #owner: WritingOwner;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #kept = false;

  constructor(owner: WritingOwner) {
    // It never asks for a pause: how fast the answer flows is between the service and the client.
    super({ highWaterMark: Number.MAX_SAFE_INTEGER });
    this.#owner = owner;
    this.once('close', () => {
      owner.release(this.#bytes);
      owner.settled(this.#kept);
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.#owner.reserve(chunk.length)) this.destroy();
    else {
      this.#bytes += chunk.length;
      this.#chunks.push(chunk);
    }
    done();
  }

  override _final(done: () => void): void {
    this.#kept = this.#owner.keep(joined(this.#chunks, this.#bytes));
    done();
  }

  /** An answer that breaks off is not kept. Told as an error, undici would forget what was kept before as well. */
  override _destroy(_cause: Error | null, done: () => void): void {
    this.#chunks.length = 0;
    done();
  }
}

/** One piece, given out in one write; and no part of a larger piece of memory, which it would hold on to. */
function joined(chunks: readonly Buffer[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(whole, at);
  return whole;
}
