/**
 * Bytes of bodies are borrowed: what a sink is given may stand in memory that the next read of any connection writes into. Nearly everybody
 * passes them on within the call, and needs no copy; who keeps them for longer asks for bytes of its own.
 */

const BORROWED = Symbol('borrowed');

interface BorrowedMemory extends ArrayBuffer {
  [BORROWED]?: true;
}

/** Memory whose bytes are only ever borrowed. */
export function borrowableMemory(bytes: number): Buffer {
  const memory = Buffer.allocUnsafeSlow(bytes);
  (memory.buffer as BorrowedMemory)[BORROWED] = true;
  return memory;
}

/** Bytes that stay what they are: a copy of borrowed ones, others themselves. */
export function ownBytes(chunk: Buffer): Buffer {
  return (chunk.buffer as BorrowedMemory)[BORROWED] ? Buffer.from(chunk) : chunk;
}
