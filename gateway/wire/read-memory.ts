/**
 * What the connections of one pool read into. Small answers are read into memory that all of them share, since whoever gets bytes of it
 * takes them at once; a large one is read into memory of its own, which is handed on with its bytes and so never copied.
 */
export class ReadMemory {
  readonly #shared: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES);

  get shared(): Buffer {
    return this.#shared;
  }

  isShared(buffer: Buffer): boolean {
    return buffer === this.#shared;
  }

  bulk(): Buffer {
    return Buffer.allocUnsafeSlow(BULK_BYTES);
  }
}

const SHARED_BYTES = 64 * 1024;
const BULK_BYTES = 64 * 1024;
