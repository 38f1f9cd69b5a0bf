/** The kind of a message, or why it could not be decoded. */
export type MessageKind = 'text' | 'binary' | 'close' | 'ping' | 'pong' | 'event' | 'undecodable';

/** A message of a WebSocket, or an event of a stream, as it went by. */
export interface SeenMessage {
  readonly towards: 'service' | 'client';
  readonly kind: MessageKind;
  /** Of the whole, without frames, codings taken off. */
  readonly bytes: number;
  /** Its beginning; of `undecodable` the reason. */
  readonly content: Buffer;
  /** Of an event; `null`: it has none. */
  readonly event: string | null;
}

/** Where the messages of one exchange go that is looked into. */
export interface MessageSink {
  /** Never throws, and keeps none of the bytes' memory. */
  seen(message: SeenMessage): void;
}

/** The most that is kept of one message. */
export const MESSAGE_KEPT_BYTES = 4 * 1024;
