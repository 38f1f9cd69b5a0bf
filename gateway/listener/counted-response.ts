import { http } from '../exchange/node-http.ts';

/** A response that Fastify may write: counts the bytes of its body and adds the request id to its head. */
export class CountedResponse extends http.ServerResponse {
  /** Whether somebody else writes it. */
  counts = false;
  /** Bytes of the body by then. */
  written = 0;
  /** The request id for a head that Fastify writes; `null`: already set, or the head has it. */
  requestId: string | null = null;

  /** For a request that expects 100 and has no body. Node would close the connection after an answer without a 100. */
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

/** The bytes of a body in one call of `write` or `end`. */
function bodyBytes([chunk, encoding]: readonly unknown[]): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encoding as BufferEncoding | undefined);
  return chunk instanceof Uint8Array ? chunk.length : 0;
}
