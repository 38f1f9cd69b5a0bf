import zlib from 'node:zlib';

const WINDOW_BYTES = 32 * 1024;
/** The largest inflated message. */
const INFLATED_MAX_BYTES = 1024 * 1024;
const WAITING_MAX_BYTES = 256 * 1024;
/** Weight of a waiting message beside its content, which may be empty. */
const WAITING_BYTES = 64;
/** RFC 7692 §7.2.2 */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/**
 * Inflates the messages of one direction in order, off the event loop. A few bytes may inflate to gigabytes: messages that become too large
 * or arrive too fast are given up, and with them all later ones that depend on them.
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

  /** @param whole whether all of it is there. @returns in the order in which it was asked; `null`: it can't be had, which is known at once where too much waits. */
  inflate(content: Buffer, whole: boolean): Promise<Buffer | null> {
    if (whole && this.#mayWait(content)) return this.#behind(content, () => this.#next(content));
    this.#lost ||= this.#keepsContext;
    return Promise.resolve(null);
  }

  /** Passes a message that was not deflated, after all earlier ones, unless too many wait. */
  pass(content: Buffer): Promise<Buffer> {
    return this.#mayWait(content) ? this.#behind(content, async () => content) : Promise.resolve(content);
  }

  #mayWait({ length }: Buffer): boolean {
    return this.#waitingBytes + length + WAITING_BYTES <= WAITING_MAX_BYTES;
  }

  #behind<Result>({ length }: Buffer, work: () => Promise<Result>): Promise<Result> {
    const bytes = length + WAITING_BYTES;
    this.#waitingBytes += bytes;
    const result = this.#last.then(work);
    // Without its result, which would stay until the next one.
    this.#last = result.then(() => {
      this.#waitingBytes -= bytes;
    });
    return result;
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
        else if (this.#keepsContext) this.#window = windowBehind(this.#window, inflated);
        resolve(error ? null : inflated);
      });
    });
  }
}

/** A part of a large message must not keep all of it. */
function windowBehind(window: Buffer, inflated: Buffer): Buffer {
  if (inflated.length >= WINDOW_BYTES) return Buffer.from(inflated.subarray(-WINDOW_BYTES));
  return Buffer.concat([window.subarray(-(WINDOW_BYTES - inflated.length)), inflated]);
}
