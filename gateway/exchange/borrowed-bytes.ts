/**
 * Bytes of bodies are lent: what a sink is given may stand in memory that the next read of any connection writes into. Nearly everybody
 * passes them on within the call, and needs no copy; who keeps them for longer asks for bytes of its own.
 */

const LENT = Symbol('lent');

interface Lent extends ArrayBuffer {
  [LENT]?: true;
}

/** Memory whose bytes are only ever lent. */
export function lendableMemory(bytes: number): Buffer {
  const memory = Buffer.allocUnsafeSlow(bytes);
  (memory.buffer as Lent)[LENT] = true;
  return memory;
}

/** Bytes that stay what they are: a copy of lent ones, others themselves. */
export function own(chunk: Buffer): Buffer {
  return (chunk.buffer as Lent)[LENT] ? Buffer.from(chunk) : chunk;
}
