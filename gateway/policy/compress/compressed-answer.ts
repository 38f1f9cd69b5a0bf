import type { Transform } from 'node:stream';
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import { ownBytes } from '../../exchange/borrowed-bytes.ts';
import type { Downstream, DownstreamListener, Fields } from '../../exchange/contract.ts';
import { DownstreamFilter } from '../../exchange/downstream-filter.ts';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { Keepable } from '../kept.ts';
import type { CodedHeads, Coding } from './coded-head.ts';

/** Encoders at work: each takes memory of its own for as long as its client reads. */
export class EncoderCount implements Keepable {
  active = 0;

  /** Encoders that outlast the routes end with their exchanges. */
  close(): void {}
}

/** Beyond these, answers go as they are: about 1 MiB each, 256 MiB a process at the very worst. */
const ENCODERS_MAX = 256;

/** The client of an answer that is compressed, where it can be. */
export class CompressedAnswer extends DownstreamFilter implements DownstreamListener {
  readonly #heads: CodedHeads;
  readonly #accept: string | undefined;
  readonly #record: ExchangeRecord;
  readonly #count: EncoderCount;
  #listener: DownstreamListener | null = null;
  #encoder: (Transform & { flush(): void }) | null = null;
  #streaming = false;
  #trailers: Fields = [];

  constructor(
    client: Downstream,
    heads: CodedHeads,
    accept: string | undefined,
    record: ExchangeRecord,
    count: EncoderCount,
  ) {
    super(client);
    this.#heads = heads;
    this.#accept = accept;
    this.#record = record;
    this.#count = count;
  }

  override listen(listener: DownstreamListener): void {
    this.#listener = listener;
    this.client.listen(this);
  }

  override head(status: number, reason: string, fields: Fields): void {
    const room = this.#count.active < ENCODERS_MAX;
    const { fields: coded, coding, streaming } = this.#heads.of(status, fields, this.#accept, room);
    this.#streaming = streaming;
    if (coding !== null && this.method !== 'HEAD') this.#begin(coding);
    this.client.head(status, reason, coded);
  }

  #begin(coding: Coding): void {
    const encoder = ENCODERS[coding]();
    this.#encoder = encoder;
    this.#count.active++;
    encoder.on('data', (chunk: Buffer) => {
      this.#record.bytesOut += chunk.length;
      if (!this.client.write(chunk)) encoder.pause();
    });
    encoder.on('drain', () => this.#listener?.drained());
    encoder.on('end', () => this.client.end(this.#trailers));
    encoder.on('error', () => this.abort());
    encoder.on('close', () => this.#count.active--);
  }

  override write(chunk: Buffer): boolean {
    const encoder = this.#encoder;
    if (encoder === null) return this.client.write(chunk);
    // The forwarding has counted it as it came; the client gets it coded, which is counted instead.
    this.#record.bytesOut -= chunk.length;
    return encoder.write(ownBytes(chunk), () => {
      // The service pauses: flush, so that sent bytes do not wait for the next ones.
      if (this.#streaming && encoder.writableLength === 0 && !encoder.writableEnded && !encoder.destroyed)
        encoder.flush();
    });
  }

  override end(trailers: Fields): void {
    if (this.#encoder === null) return this.client.end(trailers);
    this.#trailers = trailers;
    this.#encoder.end();
  }

  override abort(): void {
    this.#encoder?.destroy();
    this.client.abort();
  }

  held(ms: number): void {
    this.#listener?.held?.(ms);
  }

  drained(): void {
    const encoder = this.#encoder;
    if (encoder === null) return this.#listener?.drained();
    encoder.resume();
    // The service has finished; the client's reading still counts as progress for the timeouts.
    if (!encoder.writableNeedDrain) this.#listener?.drained();
  }

  closed(completed: boolean): void {
    this.#encoder?.destroy();
    this.#listener?.closed(completed);
  }
}

/** Levels that cost about as much as carrying a small answer. */
const ENCODERS = {
  gzip: () => createGzip({ level: 4 }),
  br: () =>
    createBrotliCompress({
      params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 },
    }),
  zstd: () =>
    createZstdCompress({
      params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 18 },
    }),
};
