import dgram, { type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { LongLived } from '../exchange/long-lived.ts';

/** A place where a service may listen for datagrams. */
export interface UdpAddress {
  /** Key of the endpoint that it belongs to. */
  readonly endpoint: string;
  readonly address: string;
  readonly port: number;
}

export interface UdpPlan {
  readonly client: { readonly address: string; readonly port: number };
  /** The listener's socket: answers leave from the port that the client sent to. */
  readonly listener: Socket;
  /** The addresses to try, in order; at least one. @throws GatewayError if there is none */
  readonly addresses: () => readonly UdpAddress[];
  readonly idleMs: number;
}

export interface UdpWatcher {
  /** From where (`address port` of this machine) datagrams go to this endpoint now. */
  joined(endpoint: string, from: string): void;
  left(from: string): void;
  moved(bytes: number, towards: 'service' | 'client'): void;
  /** No address took a datagram. */
  unreachable(cause: Error): void;
  /** @param closed whether `close` was asked for, and not that nothing moved for the idle time. Called once. */
  ended(closed: boolean): void;
}

/**
 * The counterpart of a connection: the datagrams between one client address and one endpoint, on a socket of its own, so that the service's
 * answers get back to their client. It ends after an idle time.
 */
export class UdpSession implements LongLived {
  readonly #plan: UdpPlan;
  readonly #watcher: UdpWatcher;
  #timer: NodeJS.Timeout;
  #state: 'apart' | 'joining' | 'joined' = 'apart';
  #socket: Socket | null = null;
  #from = '';
  #addresses: readonly UdpAddress[] = [];
  #at = 0;
  /** How many addresses in a row have refused. */
  #refusals = 0;
  /** Datagrams that came before the socket was connected. */
  #waiting: Buffer[] = [];
  /** The newest unanswered datagram: if it is refused, it is sent to another endpoint. */
  #sent: Buffer | null = null;
  #asked = false;
  #answered = false;
  #assured = false;
  #closing = false;
  #over = false;

  constructor(plan: UdpPlan, watcher: UdpWatcher) {
    this.#plan = plan;
    this.#watcher = watcher;
    this.#timer = setTimeout(() => this.end(), plan.idleMs);
  }

  /**
   * The client has sent again after an answer. The source address of a first datagram can be forged; a client that continues after an
   * answer has received it (RFC 9000 §8 uses the same proof).
   */
  get assured(): boolean {
    return this.#assured;
  }

  /** A datagram of the client. */
  send(datagram: Buffer): void {
    if (this.#over) return;
    if (!this.#closing) this.#timer.refresh();
    this.#asked = true;
    this.#assured ||= this.#answered;
    this.#watcher.moved(datagram.length, 'service');
    if (this.#state === 'joined') return this.#deliver(datagram);
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(datagram);
    if (this.#state === 'apart') this.#join();
  }

  #deliver(datagram: Buffer): void {
    const socket = this.#socket!;
    // UDP may lose datagrams that can't be sent in time; they must not fill the memory.
    if (socket.getSendQueueSize() > SEND_QUEUE_MAX_BYTES) return;
    this.#sent = datagram;
    socket.send(datagram, (cause) => {
      if (cause && this.#socket === socket) this.#failed(cause);
    });
  }

  #join(): void {
    try {
      this.#addresses = this.#plan.addresses();
      this.#connect();
    } catch (cause) {
      this.#giveUp(cause as Error);
    }
  }

  #connect(): void {
    const { endpoint, address, port } = this.#addresses[this.#at % this.#addresses.length]!;
    const socket = dgram.createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    this.#state = 'joining';
    this.#socket = socket;
    socket.on('error', (cause) => this.#failed(cause)).on('message', (datagram) => this.#answer(datagram));
    socket.once('connect', () => {
      const own = socket.address();
      this.#from = `${own.address} ${own.port}`;
      this.#state = 'joined';
      this.#watcher.joined(endpoint, this.#from);
      for (const datagram of this.#waiting.splice(0)) this.#deliver(datagram);
    });
    socket.connect(port, address);
  }

  #answer(datagram: Buffer): void {
    const { listener, client } = this.#plan;
    this.#asked = false;
    this.#answered = true;
    this.#refusals = 0;
    this.#sent = null;
    if (!this.#closing) this.#timer.refresh();
    // Port 0 means that no answer is wanted (RFC 768), and Node throws for it.
    if (client.port === 0 || listener.getSendQueueSize() > SEND_QUEUE_MAX_BYTES) return;
    this.#watcher.moved(datagram.length, 'client');
    listener.send(datagram, client.port, client.address, () => {
      if (this.#closing) this.end();
    });
  }

  /** ICMP reported that no one listens, or there was no socket: the datagram is tried at the next address. */
  #failed(cause: NodeJS.ErrnoException): void {
    // Too long for the way there, which concerns that datagram alone.
    if (cause.code === 'EMSGSIZE') return;
    this.#leave();
    if (this.#sent) this.#waiting.unshift(this.#sent);
    this.#sent = null;
    this.#at++;
    const exhausted = ++this.#refusals >= this.#addresses.length;
    if (exhausted || this.#waiting.length === 0) this.#giveUp(cause);
    else this.#connect();
  }

  /** The next datagram begins anew, with the first address: the service may be back by then. */
  #giveUp(cause: Error): void {
    this.#state = 'apart';
    this.#at = 0;
    this.#refusals = 0;
    this.#waiting = [];
    if (this.#over) return;
    this.#asked = false;
    this.#watcher.unreachable(cause);
    if (this.#closing) this.end();
  }

  #leave(): void {
    if (this.#from !== '') this.#watcher.left(this.#from);
    this.#from = '';
    this.#state = 'apart';
    closeQuietly(this.#socket);
    this.#socket = null;
  }

  /** An answer that is under way gets a moment to come. */
  close(): void {
    if (this.#over || this.#closing) return;
    this.#closing = true;
    if (!this.#asked) return this.end();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), ANSWER_MS);
  }

  /** Ends it now. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#leave();
    this.#watcher.ended(this.#closing);
  }
}

/** A socket must be connected first, and a flood must not pile up behind that. */
const WAITING_MAX = 16;
const SEND_QUEUE_MAX_BYTES = 1024 * 1024;
const ANSWER_MS = 1_000;

function closeQuietly(socket: Socket | null): void {
  socket?.removeAllListeners().on('error', () => {});
  try {
    socket?.close();
  } catch {
    // It was closed already: there is no other way to ask.
  }
}
