import dgram, { type RemoteInfo, type Socket } from 'node:dgram';
import net from 'node:net';
import { ListenError } from './listen-error.ts';

/** For bursts between two turns of the event loop; the kernel cuts it to what it allows (Linux: `net.core.rmem_max`), and drops what is beyond. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/** A port for UDP datagrams. */
export class UdpListener {
  /** For answers: they leave from the port that the client sent to. */
  readonly socket: Socket;
  #closed = false;

  /** @param host an IPv6 address takes IPv4 too, where it is `::`. */
  constructor(host: string, receive: (datagram: Buffer, client: RemoteInfo) => void) {
    const type = net.isIPv6(host) ? 'udp6' : 'udp4';
    this.socket = dgram.createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES });
    this.socket.on('message', receive);
  }

  /** Also resolves if it is closed meanwhile. @throws ListenError naming the stream `id` */
  async listen(host: string, port: number, id: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => {
        this.close();
        reject(new ListenError(host, port, cause, { id, protocol: 'udp' }));
      };
      this.socket.once('close', resolve);
      // Not exclusive: of several workers one at a time carries datagrams, and the next one must have the port before this one lets go.
      this.socket.once('error', failed).bind({ address: host, port, exclusive: false }, () => {
        // An answer to a client that is gone may come back as an error of this socket; it concerns that client alone.
        this.socket.off('error', failed).on('error', () => {});
        resolve();
      });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.socket.close();
  }
}
