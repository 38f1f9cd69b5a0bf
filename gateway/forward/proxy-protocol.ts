import net from 'node:net';

/**
 * The PROXY protocol (haproxy.org, "The PROXY protocol", versions 1 and 2): a header that a proxy writes in front of a TCP stream,
 * to say whose connection it carries.
 */

export interface ProxiedConnection {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly why: string }
  /** `connection: null`: the proxy speaks for itself (LOCAL, UNKNOWN). `length`: how many bytes the header took. */
  | { readonly kind: 'read'; readonly connection: ProxiedConnection | null; readonly length: number };

const SIGNATURE_V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** §2.1: the longest line of version 1. */
const LINE_MAX_BYTES = 107;
/** More than any sender writes; §2.2 would allow 64 KiB of extensions. */
const V2_MAX_BYTES = 4096;

/** Reads a header of either version from the start of a stream. Anything else is invalid; nothing is guessed. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const compared = Math.min(bytes.length, SIGNATURE_V2.length);
  if (bytes.subarray(0, compared).equals(SIGNATURE_V2.subarray(0, compared))) return readV2(bytes);
  const start = bytes.toString('latin1', 0, 6);
  if ('PROXY '.startsWith(start) || start === 'PROXY ') return readV1(bytes);
  return { kind: 'invalid', why: 'the stream does not begin with a PROXY header' };
}

function readV1(bytes: Buffer): ProxyHeader {
  const end = bytes.indexOf('\r\n');
  if (end === -1)
    return bytes.length < LINE_MAX_BYTES
      ? { kind: 'incomplete' }
      : { kind: 'invalid', why: 'a line without an end' };
  if (end + 2 > LINE_MAX_BYTES) return { kind: 'invalid', why: 'a line of more than 107 bytes' };
  const [, family, source, destination, sourcePort, destinationPort, ...rest] = bytes
    .toString('latin1', 0, end)
    .split(' ');
  const length = end + 2;
  if (family === 'UNKNOWN') return { kind: 'read', connection: null, length };
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0;
  const valid =
    version !== 0 && rest.length === 0 && isAddress(source, version) && isAddress(destination, version);
  if (!valid || !isPort(sourcePort) || !isPort(destinationPort))
    return { kind: 'invalid', why: 'a line that names no connection' };
  const connection = {
    sourceAddress: source!,
    sourcePort: Number(sourcePort),
    destinationAddress: destination!,
    destinationPort: Number(destinationPort),
  };
  return { kind: 'read', connection, length };
}

/** A zone (`fe80::1%eth0`) has a meaning on one machine only, and none in a header. */
function isAddress(text: string | undefined, version: number): boolean {
  return text !== undefined && net.isIP(text) === version && !text.includes('%');
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

const V2_HEAD_BYTES = 16;

function readV2(bytes: Buffer): ProxyHeader {
  if (bytes.length < V2_HEAD_BYTES) return { kind: 'incomplete' };
  const versionAndCommand = bytes[12]!;
  const length = V2_HEAD_BYTES + bytes.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2 || (versionAndCommand & 15) > 1)
    return { kind: 'invalid', why: 'an unknown version or command' };
  const local = (versionAndCommand & 15) === 0;
  // §2.2: with LOCAL, the family is ignored; else values without a meaning are to be rejected.
  if (!local && !isKnown(bytes[13]!)) return { kind: 'invalid', why: 'an unknown family or transport' };
  if (length > V2_MAX_BYTES) return { kind: 'invalid', why: `a header of ${length} bytes` };
  if (bytes.length < length) return { kind: 'incomplete' };
  const connection = local ? null : readAddresses(bytes.subarray(V2_HEAD_BYTES, length), bytes[13]!);
  return connection === undefined
    ? { kind: 'invalid', why: 'addresses or extensions that are cut short' }
    : { kind: 'read', connection, length };
}

/** Family UNSPEC, INET, INET6 or UNIX; transport UNSPEC, STREAM or DGRAM. */
function isKnown(familyAndTransport: number): boolean {
  return familyAndTransport >> 4 <= 3 && (familyAndTransport & 15) <= 2;
}

/** `undefined`: too short for its family, or with extensions that do not end with it; `null`: another family (UNSPEC, UNIX), where the proxy's own addresses count. */
function readAddresses(block: Buffer, familyAndTransport: number): ProxiedConnection | null | undefined {
  const bytes = familyAndTransport >> 4 === 1 ? 4 : familyAndTransport >> 4 === 2 ? 16 : 0;
  if (bytes === 0) return null;
  const length = bytes * 2 + 4;
  if (block.length < length || !areExtensions(block.subarray(length))) return undefined;
  return {
    sourceAddress: addressText(block.subarray(0, bytes)),
    destinationAddress: addressText(block.subarray(bytes, bytes * 2)),
    sourcePort: block.readUInt16BE(bytes * 2),
    destinationPort: block.readUInt16BE(bytes * 2 + 2),
  };
}

/** Whether these are whole extensions: type, length, value (§2.2). Their values are ignored. */
function areExtensions(bytes: Buffer): boolean {
  let at = 0;
  while (at + TLV_HEAD_BYTES <= bytes.length) at += TLV_HEAD_BYTES + bytes.readUInt16BE(at + 1);
  return at === bytes.length;
}

const TLV_HEAD_BYTES = 3;

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The header to send in front of a stream; UNKNOWN (or UNSPEC) unless both addresses are of one family. */
export function writeProxyHeader(version: 'v1' | 'v2', connection: ProxiedConnection): Buffer {
  const { sourceAddress, destinationAddress } = connection;
  const family = net.isIP(sourceAddress);
  const known = family !== 0 && isAddress(sourceAddress, family) && isAddress(destinationAddress, family);
  if (version === 'v1')
    return Buffer.from(known ? lineV1(connection, family) : 'PROXY UNKNOWN\r\n', 'latin1');
  const block = known ? addressBlock(connection) : Buffer.alloc(0);
  const head = Buffer.alloc(V2_HEAD_BYTES);
  SIGNATURE_V2.copy(head);
  head[12] = known ? 0x21 : 0x20;
  head[13] = known ? (family === 4 ? 0x11 : 0x21) : 0;
  head.writeUInt16BE(block.length, 14);
  return Buffer.concat([head, block]);
}

function lineV1(
  { sourceAddress, destinationAddress, sourcePort, destinationPort }: ProxiedConnection,
  family: number,
): string {
  return `PROXY TCP${family} ${sourceAddress} ${destinationAddress} ${sourcePort} ${destinationPort}\r\n`;
}

function addressBlock(connection: ProxiedConnection): Buffer {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(connection.sourcePort, 0);
  ports.writeUInt16BE(connection.destinationPort, 2);
  return Buffer.concat([
    addressBytes(connection.sourceAddress),
    addressBytes(connection.destinationAddress),
    ports,
  ]);
}

function addressBytes(address: string): Buffer {
  if (net.isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes every IPv6 address in hexadecimal groups, an embedded IPv4 one too.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::') as [
    string,
    string?,
  ];
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
