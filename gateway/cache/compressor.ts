import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';
import type { Coding } from '../policy/compress/coded-head.ts';

interface Job {
  readonly body: Buffer;
  readonly coding: Coding;
  done(coded: Buffer): void;
}

/**
 * Compresses kept bodies once, at a level too slow for a waiting client: one body at a time, in Node's thread pool. Bodies beyond its queue
 * are compressed per client, as if they were not kept.
 */
export class Compressor {
  readonly #jobs = new Map<string, Job>();
  /** Bodies that did not become smaller. */
  readonly #vain = new Set<string>();
  #queuedBytes = 0;
  #working = false;

  /** @param id of the body, which is the same as long as its bytes are. @param done not called where it is of no use. */
  ask(id: number, body: Buffer, coding: Coding, done: (coded: Buffer) => void): void {
    const key = `${id} ${coding}`;
    if (this.#jobs.has(key) || this.#vain.has(key) || body.length > BODY_MAX_BYTES) return;
    if (this.#queuedBytes + body.length > QUEUED_MAX_BYTES || this.#jobs.size >= JOBS_MAX) return;
    this.#jobs.set(key, { body, coding, done });
    this.#queuedBytes += body.length;
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (const [key, job] of this.#jobs) {
      const coded = await CODERS[job.coding](job.body).catch(() => null);
      this.#jobs.delete(key);
      this.#queuedBytes -= job.body.length;
      if (coded !== null && coded.length < job.body.length) job.done(coded);
      else this.#remember(key);
    }
    this.#working = false;
  }

  #remember(key: string): void {
    const [oldest] = this.#vain;
    if (this.#vain.size >= VAIN_MAX) this.#vain.delete(oldest!);
    this.#vain.add(key);
  }
}

/** A larger one would take many seconds of a core. */
const BODY_MAX_BYTES = 8 * 1024 * 1024;
const QUEUED_MAX_BYTES = 32 * 1024 * 1024;
const JOBS_MAX = 256;
const VAIN_MAX = 1_000;

/** The highest levels take seconds for a mebibyte. */
const SMALL_BYTES = 256 * 1024;

const [asGzip, asBrotli, asZstd] = [promisify(gzip), promisify(brotliCompress), promisify(zstdCompress)];

const CODERS: Readonly<Record<Coding, (body: Buffer) => Promise<Buffer>>> = {
  gzip: (body) => asGzip(body, { level: 9 }),
  br: (body) =>
    asBrotli(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: body.length <= SMALL_BYTES ? 11 : 9,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    }),
  zstd: (body) =>
    asZstd(body, {
      params: {
        [constants.ZSTD_c_compressionLevel]: body.length <= SMALL_BYTES ? 19 : 12,
        // RFC 9659: no client need hold more than 8 MiB.
        [constants.ZSTD_c_windowLog]: 23,
      },
    }),
};
