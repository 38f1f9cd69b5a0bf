import { connect, type RawClient } from './raw-client.ts';
import { connectSecurely } from './secure-client.ts';

/** RFC 9113 §6. */
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The bytes of a frame, whatever it means. @param payload hex, or bytes */
export function frame(type: number, flags: number, stream: number, payload: string | Buffer = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload.replaceAll(' ', ''), 'hex') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Literal fields that no table keeps (RFC 7541 §6.2.2), one after the other, exactly as they are given. */
export function fieldBlock(...fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** Without Huffman (RFC 7541 §5.2), shorter than 127 bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length > 126) throw new Error(`too long for a length of one byte: ${value}`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** All whole frames of these bytes. */
export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type, flags, stream] = [bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5)];
    frames.push({ type, flags, stream, payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return frames;
}

/** How clients come to HTTP/2. */
export const H2_WAYS = ['h2c', 'TLS'] as const;

/** A client that has sent its preface, and after that sends what the test says. @param settings the payload of its SETTINGS, as hex */
export async function connectFrames(
  port: number,
  way: (typeof H2_WAYS)[number],
  settings: string | null = '',
): Promise<RawClient> {
  const client = way === 'h2c' ? await connect(port) : await connectSecurely(port, { ALPNProtocols: ['h2'] });
  await client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  if (settings !== null) await client.send(frame(TYPE.settings, 0, 0, settings));
  return client;
}
