/** The few forms of DER (X.690 §8, §10) that a certificate is written in. */

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...parts);
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x31, ...parts);
}

/** A field with a context-specific tag. @param constructed whether it contains other fields */
export function field(number: number, content: Uint8Array, constructed = true): Buffer {
  return tagged((constructed ? 0xa0 : 0x80) | number, content);
}

/** @param bytes of a number that is not negative, the highest first */
export function integer(bytes: Uint8Array): Buffer {
  return (bytes[0] ?? 0) & 0x80 ? tagged(0x02, Buffer.from([0]), bytes) : tagged(0x02, bytes);
}

export function utf8(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text));
}

export function octets(content: Uint8Array): Buffer {
  return tagged(0x04, content);
}

/** @param unused how many of the last bits say nothing */
export function bits(content: Uint8Array, unused = 0): Buffer {
  return tagged(0x03, Buffer.from([unused]), content);
}

export const TRUE = tagged(0x01, Buffer.from([0xff]));

/** @param id `2.5.29.17` */
export function objectIdentifier(id: string): Buffer {
  const [first = 0, second = 0, ...arcs] = id.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...arcs.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

/** UTCTime to 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). @param at milliseconds since the epoch */
export function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}
