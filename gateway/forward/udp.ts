import dgram, { type RemoteInfo, type Socket } from 'node:dgram';
import type { EndpointAddress } from '../config/model.ts';
import type { Lasting } from './lasting.ts';

export interface UdpSessionWatcher {
  moved(bytes: number, towards: 'service' | 'client'): void;
  /** A datagram did not reach the service: nothing listens there. */
  unreachable(cause: Error): void;
  /** Nothing moved for the idle time, or it was closed. Called once. */
  ended(): void;
}

/**
 * What UDP has in place of a connection: the datagrams between one client address and one endpoint, on a socket of
 * its own, so that the service's answers find back to the client who asked. It ends when nothing moves for a while.
 */
export class UdpSession implements Lasting {
  readonly #client: RemoteInfo;
  /** The listener's socket: answers leave from the port that the client sent to. */
  readonly #listener: Socket;
  readonly #addresses: readonly string[];
  readonly #port: number;
  readonly #watcher: UdpSessionWatcher;
  readonly #timer: NodeJS.Timeout;
  /** Datagrams that came before the socket was connected. */
  #waiting: Buffer[] = [];
  #socket: Socket | null = null;
  #connected = false;
  #answered = false;
  /** The newest datagram, while nobody has answered: worth sending to the other address. */
  #unanswered: Buffer | null = null;
  #attempt = 0;
  #over = false;

  constructor(
    client: RemoteInfo,
    listener: Socket,
    endpoint: EndpointAddress,
    idleMs: number,
    watcher: UdpSessionWatcher,
  ) {
    if (endpoint.kind !== 'tcp') throw new TypeError('UDP needs a host and port');
    this.#client = client;
    this.#listener = listener;
    this.#addresses = endpoint.addresses ?? [endpoint.host];
    this.#port = endpoint.port;
    this.#watcher = watcher;
    this.#timer = setTimeout(() => this.close(), idleMs);
    this.#connect();
  }

  /** A datagram of the client. */
  send(datagram: Buffer): void {
    this.#timer.refresh();
    if (!this.#connected) {
      if (this.#waiting.length < WAITING_MAX) this.#waiting.push(datagram);
      return;
    }
    this.#deliver(datagram);
  }

  #deliver(datagram: Buffer): void {
    const socket = this.#socket!;
    // UDP may lose what can't be sent in time; memory may not fill with it.
    if (socket.getSendQueueSize() > SEND_QUEUE_MAX_BYTES) return;
    this.#watcher.moved(datagram.length, 'service');
    if (!this.#answered) this.#unanswered = datagram;
    socket.send(datagram, (cause) => cause && this.#failed(cause));
  }

  #connect(): void {
    const address = this.#addresses[this.#attempt % this.#addresses.length]!;
    const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
    this.#socket = socket;
    this.#connected = false;
    socket.on('error', (cause) => this.#failed(cause));
    socket.on('message', (datagram) => this.#answer(datagram));
    socket.connect(this.#port, address, () => {
      if (this.#over || this.#socket !== socket) return;
      this.#connected = true;
      for (const datagram of this.#waiting.splice(0)) this.#deliver(datagram);
    });
  }

  #answer(datagram: Buffer): void {
    this.#answered = true;
    this.#unanswered = null;
    this.#timer.refresh();
    if (this.#listener.getSendQueueSize() > SEND_QUEUE_MAX_BYTES) return;
    this.#watcher.moved(datagram.length, 'client');
    this.#listener.send(datagram, this.#client.port, this.#client.address, () => {});
  }

  /** ICMP said that nobody is there. A bare port may live on the other loopback address: the datagram is tried there. */
  #failed(cause: Error): void {
    if (this.#over) return;
    this.#watcher.unreachable(cause);
    // Every address has been tried: what comes next begins at the first again, and has only itself to lose.
    if (this.#answered || ++this.#attempt % this.#addresses.length === 0) return;
    if (this.#unanswered) this.#waiting.push(this.#unanswered);
    closeQuietly(this.#socket);
    this.#connect();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    closeQuietly(this.#socket);
    this.#watcher.ended();
  }
}

const WAITING_MAX = 64;
const SEND_QUEUE_MAX_BYTES = 1024 * 1024;

function closeQuietly(socket: Socket | null): void {
  socket
    ?.removeAllListeners('message')
    .removeAllListeners('error')
    .on('error', () => {});
  try {
    socket?.close();
  } catch {
    // It was closed already: there is no other way to ask.
  }
}
