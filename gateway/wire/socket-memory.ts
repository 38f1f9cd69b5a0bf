import type { Socket } from 'node:net';
import { isShared, ownBytes, sharedMemory, singleMemory, writeBorrowed } from '../exchange/borrowed-bytes.ts';

/**
 * Memory shared by the sockets of one owner: one buffer to read into, whose bytes are borrowed, and one to write from, where text and bytes
 * that go out together are joined. A gathered write of both costs more than the copy, and new memory for each write costs most.
 */
export class SocketMemory {
  readonly read: Buffer = sharedMemory(READ_BYTES);
  /** Memory for large messages that is of no use to anybody now. */
  readonly #spare: Buffer[] = [];
  #write: Buffer | null = null;

  /** Writes all of it at once. @returns as `socket.write` does. */
  write(socket: Socket, before: string, bytes: Buffer, behind = ''): boolean {
    const length = before.length + bytes.length + behind.length;
    if (length === bytes.length && length >= LARGE_BYTES && !isShared(bytes))
      return writeBorrowed(socket, bytes);
    if (length > WRITE_BYTES) return writeGathered(socket, before, ownBytes(bytes), behind);
    // Bytes behind a waiting write wait, too, and must not hold more memory than their length.
    const waits = socket.writableLength > 0;
    const whole = waits ? Buffer.allocUnsafe(length) : this.#writing();
    whole.write(before, 'latin1');
    bytes.copy(whole, before.length);
    if (behind !== '') whole.write(behind, before.length + bytes.length, 'latin1');
    const more = socket.write(whole.subarray(0, length));
    // The system still reads pending bytes from that memory.
    if (!waits && socket.writableLength > 0) this.#write = null;
    return more;
  }

  /** Memory for one socket to read into. */
  single(): Buffer {
    return this.#spare.pop() ?? singleMemory(READ_BYTES);
  }

  /** @param single no longer referenced */
  giveBack(single: Buffer): void {
    if (this.#spare.length < SPARE_MAX) this.#spare.push(single);
  }

  #writing(): Buffer {
    this.#write ??= Buffer.allocUnsafeSlow(WRITE_BYTES);
    return this.#write;
  }
}

function writeGathered(socket: Socket, before: string, bytes: Buffer, behind: string): boolean {
  socket.cork();
  socket.write(before, 'latin1');
  socket.write(bytes);
  if (behind !== '') socket.write(behind, 'latin1');
  socket.uncork();
  return !socket.writableNeedDrain;
}

const READ_BYTES = 64 * 1024;
/** All that a read brings, and a head in front of it. */
const WRITE_BYTES = READ_BYTES + 8 * 1024;
/** From here on bytes that need no copy go by themselves. */
const LARGE_BYTES = 32 * 1024;
const SPARE_MAX = 8;
