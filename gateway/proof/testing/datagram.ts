import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { onTestFinished } from 'vitest';
import { PATIENCE_MS } from './poll.ts';
import { markKitSocket } from './wire.ts';

export interface Datagram {
  readonly data: Buffer;
  readonly text: string;
  readonly from: { readonly address: string; readonly port: number };
}

/** A UDP socket of a test, client or service: what arrives is kept until it is asked for. */
export class DatagramSocket {
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
  readonly received: Datagram[] = [];
  #taken = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    ({ address: this.address, port: this.port } = socket.address());
    socket.on('message', (data, { address, port }) => {
      this.received.push({ data, text: data.toString('latin1'), from: { address, port } });
      socket.emit('taken in');
    });
    // ICMP may say that nobody is there; what matters is what arrives.
    socket.on('error', () => {});
  }

  /** Sends one datagram; resolves when the system has taken it. */
  async send(data: string | Uint8Array, port: number, address = '127.0.0.1'): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    await new Promise<void>((resolve) => this.socket.send(bytes, port, address, () => resolve()));
  }

  /** The next datagram that was not asked for yet; waits for one. */
  async next(withinMs = PATIENCE_MS): Promise<Datagram> {
    const signal = AbortSignal.timeout(withinMs);
    while (this.received.length <= this.#taken) {
      await once(this.socket, 'taken in', { signal }).catch(() => {
        throw new Error(
          `UDP ${this.port}: no datagram within ${withinMs} ms; ${this.received.length} came before`,
        );
      });
    }
    return this.received[this.#taken++] as Datagram;
  }

  /** Answers every datagram with what `reply` makes of it. */
  answer(reply: (text: string) => string): this {
    this.socket.on('message', (data, { address, port }) => {
      void this.send(reply(data.toString('latin1')), port, address);
    });
    return this;
  }

  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}

/** Opens a UDP socket; it is closed with the test. */
export async function openDatagrams(port = 0, host = '127.0.0.1'): Promise<DatagramSocket> {
  const socket = markKitSocket(createSocket(isIPv6(host) ? 'udp6' : 'udp4'));
  socket.bind({ port, address: host, exclusive: true });
  await once(socket, 'listening');
  onTestFinished(() => {
    try {
      socket.close();
    } catch {
      // The test has closed it.
    }
  });
  return new DatagramSocket(socket);
}
