import zlib from 'node:zlib';

const WINDOW_BYTES = 32 * 1024;
/** What a message may become. */
const INFLATED_MAX_BYTES = 1024 * 1024;
const WAITING_MAX_BYTES = 256 * 1024;
/** RFC 7692 §7.2.2 */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/**
 * Inflates the messages of one direction, one after the other, off the loop. A few bytes may stand for gigabytes: what becomes too large, or
 * comes too fast, is given up, and with it what builds on it.
 */
export class Inflater {
  /** Whether a message may refer to those before it (RFC 7692 §7.1.1). */
  readonly #keepsContext: boolean;
  #window: Buffer = Buffer.alloc(0);
  #waitingBytes = 0;
  #last: Promise<unknown> = Promise.resolve();
  #lost = false;

  constructor(keepsContext: boolean) {
    this.#keepsContext = keepsContext;
  }

  /** @param whole whether all of it is there. @returns in the order in which it was asked; `null`: it can't be had. */
  inflate(content: Buffer, whole: boolean): Promise<Buffer | null> {
    if (!whole || this.#waitingBytes + content.length > WAITING_MAX_BYTES)
      this.#lost = this.#keepsContext || this.#lost;
    const gone = !whole || this.#waitingBytes + content.length > WAITING_MAX_BYTES;
    this.#waitingBytes += content.length;
    const result = this.#last.then(() => (gone ? null : this.#next(content)));
    this.#last = result.finally(() => {
      this.#waitingBytes -= content.length;
    });
    return result;
  }

  /** Behind everything that was asked for before. */
  get idle(): Promise<unknown> {
    return this.#last;
  }

  #next(content: Buffer): Promise<Buffer | null> {
    if (this.#lost) return Promise.resolve(null);
    const options = {
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
      maxOutputLength: INFLATED_MAX_BYTES,
      ...(this.#window.length > 0 && { dictionary: this.#window }),
    };
    return new Promise((resolve) => {
      zlib.inflateRaw(Buffer.concat([content, TAIL]), options, (error, inflated) => {
        if (error) this.#lost = this.#keepsContext;
        else if (this.#keepsContext)
          this.#window = Buffer.concat([this.#window, inflated]).subarray(-WINDOW_BYTES);
        resolve(error ? null : inflated);
      });
    });
  }
}
