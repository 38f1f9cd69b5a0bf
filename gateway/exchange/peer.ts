import type { Socket } from 'node:net';
import type { Peer } from '../fields/forwarded.ts';

/** Who is at the other side. An IPv4 address that a dual-stack socket shows as `::ffff:192.0.2.1` is written as what it is. */
export function peerOf(socket: Socket): Peer {
  const address = socket.remoteAddress ?? 'unknown';
  return {
    address: address.startsWith('::ffff:') ? address.slice(7) : address,
    secure: 'encrypted' in socket,
  };
}
