import dgram, { type RemoteInfo, type Socket } from 'node:dgram';
import net from 'node:net';
import { ListenError } from './listen-error.ts';

/** A port for UDP datagrams. */
export class UdpListener {
  readonly socket: Socket;

  constructor(host: string, receive: (datagram: Buffer, client: RemoteInfo) => void) {
    this.socket = dgram.createSocket({ type: net.isIPv6(host) ? 'udp6' : 'udp4' });
    this.socket.on('message', receive);
  }

  /** @throws ListenError */
  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => reject(new ListenError(host, port, cause));
      this.socket.once('error', failed).bind({ address: host, port }, () => {
        // An answer to a client that is gone may come back as an error of this socket; it concerns that client alone.
        this.socket.off('error', failed).on('error', () => {});
        resolve();
      });
    });
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.socket.address();
    return { host: address, port };
  }

  close(): void {
    this.socket.close();
  }
}
