import { MESSAGE_KEPT_BYTES, type MessageKind } from '../../exchange/messages.ts';

/** A message of one direction, put together from its frames. */
export interface ReadMessage {
  readonly kind: MessageKind;
  /** Of the payload as it came. */
  readonly bytes: number;
  readonly content: Buffer;
  /** Whether the payload has to be inflated (RFC 7692 §6). */
  readonly deflated: boolean;
}

/** A frame whose head is read (RFC 6455 §5.2). */
interface Frame {
  readonly control: boolean;
  readonly fin: boolean;
  /** `null`: it is not masked. */
  readonly mask: Buffer | null;
  readonly length: number;
}

const CONTINUATION = 0;
const KINDS: Readonly<Record<number, MessageKind>> = {
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};
const CONTROL_MAX_BYTES = 125;
const HEAD_MAX_BYTES = 14;
/** Kept bytes of a deflated message: a message that is cut off could not be inflated. */
const DEFLATED_MAX_BYTES: number = 64 * 1024;

/**
 * Reads the frames of one direction of a WebSocket from copies of the passing bytes. Invalid frames end the reading and nothing else. Only
 * the beginning of a payload is copied, so a message of gigabytes costs no more than its frame heads.
 */
export class FrameReader {
  readonly #fromClient: boolean;
  readonly #deflates: boolean;
  readonly #message: (message: ReadMessage) => void;
  readonly #head = Buffer.alloc(HEAD_MAX_BYTES);
  #headBytes = 0;
  #frame: Frame | null = null;
  /** Of the payload of the frame. */
  #left = 0;
  #data = new Payload();
  #control = new Payload();
  /** A reason that a person reads; `null`: it reads on. */
  broken: string | null = null;

  /** @param deflates whether permessage-deflate was agreed upon. */
  constructor(fromClient: boolean, deflates: boolean, message: (message: ReadMessage) => void) {
    this.#fromClient = fromClient;
    this.#deflates = deflates;
    this.#message = message;
  }

  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.broken === null; ) {
      if (this.#frame === null) this.#takeHead(bytes[at++]!);
      else at += this.#takePayload(this.#frame, bytes.subarray(at));
      if (this.#frame !== null && this.#left === 0) this.#frameEnded(this.#frame);
    }
  }

  #takeHead(byte: number): void {
    this.#head[this.#headBytes++] = byte;
    if (this.#headBytes < 2 || this.#headBytes < this.#headLength()) return;
    this.#headBytes = 0;
    this.#begin(this.#head[0]!, this.#head[1]!);
  }

  #headLength(): number {
    const second = this.#head[1]!;
    const length = second & 0x7f;
    return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (second >= 0x80 ? 4 : 0);
  }

  #begin(first: number, second: number): void {
    const opcode = first & 0x0f;
    const control = opcode >= 8;
    const fin = first >= 0x80;
    const masked = second >= 0x80;
    const length = this.#payloadLength(second & 0x7f);
    this.broken = this.#fault(first, masked, length);
    if (this.broken !== null) return;
    const maskAt = this.#headLength() - 4;
    const mask = masked ? Buffer.from(this.#head.subarray(maskAt, maskAt + 4)) : null;
    if (opcode !== CONTINUATION)
      (control ? this.#control : this.#data).begin(KINDS[opcode]!, (first & 0x40) !== 0);
    this.#frame = { control, fin, mask, length };
    this.#left = length;
  }

  #payloadLength(short: number): number {
    if (short < 126) return short;
    if (short === 126) return this.#head.readUInt16BE(2);
    // Above 2^53 it is no number that anybody counts to; the check below refuses it.
    return Number(this.#head.readBigUInt64BE(2));
  }

  #fault(first: number, masked: boolean, length: number): string | null {
    const opcode = first & 0x0f;
    const control = opcode >= 8;
    const deflated = (first & 0x40) !== 0;
    if (opcode !== CONTINUATION && KINDS[opcode] === undefined) return `a frame with the opcode ${opcode}`;
    if ((first & 0x30) !== 0 || (deflated && (!this.#deflates || control || opcode === CONTINUATION)))
      return 'a frame with bits of an extension that was not agreed upon';
    if (masked !== this.#fromClient)
      return masked ? 'a masked frame of a service' : 'an unmasked frame of a client';
    if (control && (length > CONTROL_MAX_BYTES || first < 0x80))
      return 'a control frame that is too long, or a part of one';
    if (!Number.isSafeInteger(length)) return 'a frame of more bytes than there are';
    if (control) return null;
    if ((opcode === CONTINUATION) !== this.#data.begun) return 'a part of a message where none is due';
    return null;
  }

  /** @returns how many bytes of it are the frame's. */
  #takePayload({ control, mask, length }: Frame, bytes: Buffer): number {
    const own = bytes.subarray(0, this.#left);
    (control ? this.#control : this.#data).take(own, mask, length - this.#left);
    this.#left -= own.length;
    return own.length;
  }

  #frameEnded({ control, fin }: Frame): void {
    this.#frame = null;
    if (fin) this.#message((control ? this.#control : this.#data).ended());
  }
}

/** The payload of a message, as much of it as is kept, in one piece: of a frame for each byte, pieces would weigh a hundred times as much. */
class Payload {
  begun = false;
  #kind: MessageKind = 'binary';
  #deflated = false;
  #bytes = 0;
  #kept = 0;
  #content: Buffer = NOTHING;

  begin(kind: MessageKind, deflated: boolean): void {
    this.begun = true;
    this.#kind = kind;
    this.#deflated = deflated;
    this.#bytes = 0;
    this.#kept = 0;
    this.#content = NOTHING;
  }

  /** @param from where in the frame the bytes stand: the mask turns with it. */
  take(bytes: Buffer, mask: Buffer | null, from: number): void {
    this.#bytes += bytes.length;
    const count = Math.min(bytes.length, this.#keptMax - this.#kept);
    if (count === 0) return;
    const content = this.#withRoom(this.#kept + count);
    bytes.copy(content, this.#kept, 0, count);
    if (mask !== null) for (let i = 0; i < count; i++) content[this.#kept + i]! ^= mask[(from + i) & 3]!;
    this.#kept += count;
  }

  get #keptMax(): number {
    return this.#deflated ? DEFLATED_MAX_BYTES : MESSAGE_KEPT_BYTES;
  }

  #withRoom(bytes: number): Buffer {
    if (bytes <= this.#content.length) return this.#content;
    const larger = Buffer.alloc(Math.min(this.#keptMax, Math.max(bytes, 2 * this.#content.length)));
    this.#content.copy(larger, 0, 0, this.#kept);
    this.#content = larger;
    return larger;
  }

  ended(): ReadMessage {
    this.begun = false;
    const content = this.#content.subarray(0, this.#kept);
    this.#content = NOTHING;
    return { kind: this.#kind, bytes: this.#bytes, content, deflated: this.#deflated };
  }
}

const NOTHING = Buffer.alloc(0);
