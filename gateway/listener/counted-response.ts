import { http } from '../exchange/node-http.ts';

/** A response that somebody else (Fastify) may write: what is written of its body is counted, and its head names the request. */
export class CountedResponse extends http.ServerResponse {
  /** Whether somebody else writes it. */
  counts = false;
  /** Bytes of the body by then. */
  written = 0;
  /** Of a head that somebody else sets; `null`: it is set already, or the head has it by itself. */
  requestId: string | null = null;

  /** Of a request that expects to be told to send its body, and has none. Node would close the connection behind an answer without a 100. */
  awaitsNoBody(): void {
    (this as NodeResponse)._expect_continue = false;
  }

  override writeHead(status: number, ...given: unknown[]): this {
    if (this.requestId !== null) this.setHeader('X-Request-Id', this.requestId);
    this.requestId = null;
    return super.writeHead(status, ...(given as [string]));
  }

  override write(...given: unknown[]): boolean {
    if (this.counts) this.written += bodyBytes(given);
    return super.write(...(given as [Buffer]));
  }

  override end(...given: unknown[]): this {
    if (this.counts) this.written += bodyBytes(given);
    return super.end(...(given as [Buffer]));
  }
}

interface NodeResponse {
  _expect_continue?: boolean;
}

/** What a call of `write` or `end` writes of a body. */
function bodyBytes([chunk, encoding]: readonly unknown[]): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encoding as BufferEncoding | undefined);
  return chunk instanceof Uint8Array ? chunk.length : 0;
}
