import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface Peer {
  /** Address of the other side of the connection, IPv4 without the `::ffff:` of mapped addresses. */
  readonly address: string;
  readonly secure: boolean;
  /** The verified certificate that the peer presented, in the form of `X-Forwarded-Client-Cert`. */
  readonly certificate?: string;
  /** It speaks HTTP/2, even where the general lane sees HTTP/1.1 (listener/h2/h2-bridge.ts). */
  http2?: true;
  /** By which it was counted last (policy/rate-limit/party-tag.ts): it goes with the connection. */
  tag?: PeerTag | undefined;
}

/** 64 bits of a hash under `key`. */
interface PeerTag {
  readonly key: object;
  readonly low: number;
  readonly high: number;
}

const PEER = Symbol('peer');

/** Sets the peer of a connection in memory, which has no addresses of its own. */
export function markPeer(connection: object, peer: Peer): void {
  Object.assign(connection, { [PEER]: peer });
}

/** The peer, one object per connection. An IPv4 address that a dual-stack socket shows as `::ffff:192.0.2.1` is written as `192.0.2.1`. */
export function peerOf(socket: Socket): Peer {
  const marked = (socket as { readonly [PEER]?: Peer })[PEER];
  if (marked) return marked;
  const peer = readPeer(socket);
  markPeer(socket, peer);
  return peer;
}

function readPeer(socket: Socket): Peer {
  const shown = socket.remoteAddress ?? 'unknown';
  const address = shown.startsWith('::ffff:') ? shown.slice(7) : shown;
  if (!(socket instanceof TLSSocket)) return { address, secure: false, tag: undefined };
  const certificate = certificateOf(socket);
  const peer = { address, secure: true, tag: undefined };
  return certificate === null ? peer : { ...peer, certificate };
}

/** In the form that Envoy made common: `Hash=9d4f…;Subject="CN=alice,O=Example"`. */
function certificateOf(socket: TLSSocket): string | null {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (!certificate) return null;
  const hash = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const subject = (certificate.subject ?? '').split('\n').reverse().join(',');
  return `Hash=${hash};Subject="${quotable(subject)}"`;
}

/** Escapes characters that a field value can't hold or that would end the quotes (RFC 4514 §2.4). */
function quotable(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const char = String.fromCharCode(byte);
    const plain = byte >= 0x20 && byte < 0x7f && char !== '"' && char !== '\\';
    return plain ? char : `\\${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }).join('');
}
