/**
 * Bytes of bodies are borrowed: a sink gets memory into which the next read of any connection may write. Nearly all sinks pass bytes on
 * within the call and need no copy; a sink that keeps them longer takes bytes of its own.
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
 * Bytes that do not change: a copy of borrowed ones, others as they are. Bytes of a connection's own read memory are kept together with
 * that memory, unless they are a small part of it.
 */
export function ownBytes(chunk: Buffer): Buffer {
  const memory = chunk.buffer as ReadMemory;
  if (!isBorrowed(chunk)) return chunk;
  if (memory[BORROWED] === 'shared' || chunk.length * KEPT_SHARE < memory.byteLength)
    return Buffer.from(chunk);
  memory[BORROWED] = 'kept';
  return chunk;
}

/** A socket of the operating system, as opposed to other streams, which may still need bytes that `writableLength` no longer counts. */
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
