/**
 * Finds the end of each answer to GET on one connection: by Content-Length or by chunks (RFC 9112 §6.3). Answers come one at a
 * time, because the generator asks only after the end of the last one.
 */
export class AnswerReader {
  #head: Buffer = Buffer.alloc(0);
  #status = 0;
  /** Body bytes still to come; `null`: reading the head. */
  #remaining: number | null = null;
  #chunkedTail: Buffer | null = null;

  /**
   * Takes the next bytes and returns the status once its answer is complete, else `null`.
   * @throws Error for an answer that has no end but that of the connection, or for bytes after its end.
   */
  push(chunk: Buffer): number | null {
    const body = this.#remaining === null && this.#chunkedTail === null ? this.#readHead(chunk) : chunk;
    if (body === null) return null;
    return this.#chunkedTail === null ? this.#readCounted(body) : this.#readChunked(body, this.#chunkedTail);
  }

  /** The bytes of `chunk` that follow the head, or `null` where the head goes on. */
  #readHead(chunk: Buffer): Buffer | null {
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end === -1) return null;
    const body = this.#head.subarray(end + 4);
    this.#beginBody(this.#head.toString('latin1', 0, end + 2));
    this.#head = Buffer.alloc(0);
    return body;
  }

  #beginBody(head: string): void {
    this.#status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
    if (Number.isNaN(this.#status)) throw new Error('not an HTTP/1 answer');
    const length = /\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n/i.exec(head)?.[1];
    if (length !== undefined) this.#remaining = Number(length);
    else if (/\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n/i.test(head)) this.#chunkedTail = Buffer.alloc(0);
    else throw new Error('an answer with neither Content-Length nor chunks');
  }

  #readCounted(body: Buffer): number | null {
    const remaining = this.#remaining! - body.length;
    if (remaining < 0) throw new Error('bytes after the end of an answer');
    this.#remaining = remaining === 0 ? null : remaining;
    return remaining === 0 ? this.#status : null;
  }

  // Chunk data may hold what looks like the last chunk, so the sizes are walked; what can't be walked yet is kept.
  #readChunked(body: Buffer, tail: Buffer): number | null {
    let rest = tail.length === 0 ? body : Buffer.concat([tail, body]);
    for (;;) {
      const lineEnd = rest.indexOf('\r\n');
      const size = lineEnd === -1 ? Number.NaN : Number.parseInt(rest.toString('latin1', 0, lineEnd), 16);
      if (lineEnd !== -1 && Number.isNaN(size)) throw new Error('a chunk without a size');
      if (lineEnd === -1 || rest.length < lineEnd + 4 + size) break;
      rest = rest.subarray(lineEnd + 4 + size);
      if (size === 0) return this.#endChunked(rest);
    }
    this.#chunkedTail = rest;
    return null;
  }

  #endChunked(rest: Buffer): number {
    if (rest.length > 0) throw new Error('bytes after the end of an answer');
    this.#chunkedTail = null;
    return this.#status;
  }
}
