/**
 * Bytes of bodies are borrowed: what a sink is given may stand in memory that the next read of any connection writes into. Nearly everybody
 * passes them on within the call, and needs no copy; who keeps them for longer asks for bytes of its own.
 */

const BORROWED = Symbol('borrowed');

interface ReadMemory extends ArrayBuffer {
  /** Read into by all connections of one owner, or by a single one, which goes on with other memory where this is kept. */
  [BORROWED]?: 'shared' | 'single' | 'kept';
}

/** Memory that many connections read into: it is never kept. */
export function sharedMemory(bytes: number): Buffer {
  return borrowedMemory(bytes, 'shared');
}

/** Memory that one connection reads into, again and again until somebody keeps it. */
export function singleMemory(bytes: number): Buffer {
  return borrowedMemory(bytes, 'single');
}

function borrowedMemory(bytes: number, kind: 'shared' | 'single'): Buffer {
  const memory = Buffer.allocUnsafeSlow(bytes);
  (memory.buffer as ReadMemory)[BORROWED] = kind;
  return memory;
}

/** Whether any connection may read into them next. */
export function isShared({ buffer }: Buffer): boolean {
  return (buffer as ReadMemory)[BORROWED] === 'shared';
}

/** Whether the bytes are gone with the next read, of that connection or of any. */
export function isBorrowed({ buffer }: Buffer): boolean {
  const kind = (buffer as ReadMemory)[BORROWED];
  return kind !== undefined && kind !== 'kept';
}

/**
 * Bytes that stay what they are: a copy of borrowed ones, others themselves. Of memory that one connection reads into they are kept with the
 * memory around them, unless they are a small part of it.
 */
export function ownBytes(chunk: Buffer): Buffer {
  const memory = chunk.buffer as ReadMemory;
  if (!isBorrowed(chunk)) return chunk;
  if (memory[BORROWED] === 'shared' || chunk.length * KEPT_SHARE < memory.byteLength)
    return Buffer.from(chunk);
  memory[BORROWED] = 'kept';
  return chunk;
}

/** A socket of the system. Other streams may have passed on what they wait for no more. */
interface Socket {
  write(chunk: Buffer): boolean;
  readonly writableLength: number;
}

/** Writes bytes that are kept only where the system has not taken them at once. @returns as `write` does. */
export function writeBorrowed(to: Socket, chunk: Buffer): boolean {
  const memory = chunk.buffer as ReadMemory;
  if (memory[BORROWED] === 'shared') return to.write(ownBytes(chunk));
  const more = to.write(chunk);
  if (memory[BORROWED] === 'single' && to.writableLength > 0) memory[BORROWED] = 'kept';
  return more;
}

/** A piece keeps at most so many times its own size. */
const KEPT_SHARE = 4;
