import type { Socket } from 'node:net';

export interface Peer {
  /** Address of the other side of the connection, IPv4 without the `::ffff:` of mapped addresses. */
  readonly address: string;
  readonly secure: boolean;
}

/** Who is at the other side. An IPv4 address that a dual-stack socket shows as `::ffff:192.0.2.1` is written as what it is. */
export function peerOf(socket: Socket): Peer {
  const address = socket.remoteAddress ?? 'unknown';
  return {
    address: address.startsWith('::ffff:') ? address.slice(7) : address,
    secure: 'encrypted' in socket,
  };
}
