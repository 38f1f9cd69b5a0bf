import type { Socket } from 'node:net';
import type { GatewayError } from '../exchange/error-catalog.ts';
import type { Clock } from '../exchange/timer-wheel.ts';
import { TransientSet } from '../exchange/transient.ts';
import { ClientConnection, type ClientConnectionOwner, type WireCarrier } from './client-connection.ts';
import { AnswerText } from './head-text.ts';
import { ReadBuffer } from './read-buffer.ts';
import { RequestReader } from './request-reader.ts';
import { SocketMemory } from './socket-memory.ts';
import type { Turns } from './turns.ts';

/** The listener, as the wire lane needs it. */
export interface WireLaneOwner {
  /** The general lane has the next message of the connection, which these borrowed bytes begin with, and gives it back by `takeBack`. */
  handOver(socket: Socket, unread: readonly Buffer[], ended: boolean): void;
  /** A client speaks HTTP/2 by prior knowledge (RFC 9113 §3.3), and this is how it begins. */
  speaksHttp2(socket: Socket, unread: readonly Buffer[]): void;
  /** Something that never became a request: it is answered, and the connection closed. @param toHead whether the answer has no body. */
  refused(error: GatewayError, socket: Socket, toHead: boolean): void;
}

/** The connections of a listener that our own code reads. */
export class WireLane implements ClientConnectionOwner {
  readonly reader = new RequestReader();
  readonly answers = new AnswerText();
  readonly carrier: WireCarrier;
  readonly clock: Clock;
  draining = false;
  readonly #owner: WireLaneOwner;
  readonly memory = new SocketMemory();
  readonly turns: Turns;
  readonly #connections = new TransientSet<ClientConnection>();

  constructor(owner: WireLaneOwner, carrier: WireCarrier & { readonly clock: Clock }, turns: Turns) {
    this.#owner = owner;
    this.carrier = carrier;
    this.clock = carrier.clock;
    this.turns = turns;
  }

  /** Lets an accepted socket read past its stream, where Node allows it. @returns the socket to use instead */
  adopt(accepted: Socket): Socket {
    return new ReadBuffer(this.memory).adopt(accepted);
  }

  /** @param received bytes that were read of it already */
  accept(socket: Socket, received: Buffer | null = null): void {
    const connection = new ClientConnection(socket, this);
    this.#connections.add(connection);
    if (received) connection.received(received, received.length);
  }

  /**
   * Resumes a connection after an answer of the general lane. @param behind bytes that arrived meanwhile, and whether the client has ended
   * its side
   */
  takeBack(socket: Socket, behind: { readonly unread: readonly Buffer[]; readonly ended: boolean }): void {
    const connection = ClientConnection.of(socket);
    if (connection) connection.takenBack(behind.unread, behind.ended);
    // One in memory: there the general lane carries a single request.
    else socket.end();
  }

  handOver(connection: ClientConnection, unread: readonly Buffer[], ended: boolean): void {
    this.#owner.handOver(connection.socket, unread, ended);
  }

  speaksHttp2({ socket }: ClientConnection, unread: readonly Buffer[]): void {
    this.#owner.speaksHttp2(socket, unread);
  }

  refused(error: GatewayError, socket: Socket, toHead: boolean): void {
    this.#owner.refused(error, socket, toHead);
  }

  closed(connection: ClientConnection): void {
    this.#connections.delete(connection);
  }

  /** Closes connections that wait for a request. */
  closeIdle(): void {
    for (const connection of this.#connections) if (connection.idle) connection.socket.destroy();
  }

  /** @returns dismisses the connections that there are now, and none that comes later. */
  dismissal(): () => void {
    const connections = [...this.#connections];
    return () => {
      for (const connection of connections) connection.dismiss();
    };
  }

  /** Force-closes the rest. */
  destroy(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }
}
