import type { Socket } from 'node:net';
import type { Downstream, FieldBlock, Fields } from './contract.ts';
import type { GatewayError } from './error-catalog.ts';
import type { Peer } from './peer.ts';

/** The reading of requests from a connection, which stops and goes on at the boundary of a message. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/**
 * When a request is answered and its body unread, up to so many bytes of the rest are read and dropped, for a limited time, so that the
 * connection can carry another request.
 */
export const SKIPPED_MAX_BYTES: number = 64 * 1024;
export const SKIPPED_MAX_MS = 5_000;

/** One request of a client as a listener hands it on, whichever lane has read it: nothing behind the listener knows more of its connection. */
export interface ClientExchange extends Downstream {
  /** The request target of the request line, as sent. */
  readonly rawTarget: string;
  /** `1.1`; in the general lane also `1.0`, and versions that will be refused. */
  readonly version: string;
  readonly peer: Peer;
  /** The block of fields that this connection has sent before, if it is the same. */
  readonly block?: FieldBlock | null;
  readonly socket: Socket;
  /** Whether further requests of its connection are read. */
  readonly reading: Reading;
  /** The error to answer with, before anything else is looked at. */
  readonly refusal?: GatewayError | null;
  /** Fields of the final answer, as the client gets them; `null`: none were sent yet. */
  readonly answerFields: Fields | null;
  /** Whether a part of the answer is out. */
  readonly headSent: boolean;
  /** No other request is read from the connection. */
  closeAfterAnswer(): void;
}

/** As much of it as there is of an upgrade, whose answer is written to the bare socket. */
export type ClientRequest = Pick<
  ClientExchange,
  'method' | 'rawTarget' | 'version' | 'fields' | 'block' | 'body' | 'peer'
>;
