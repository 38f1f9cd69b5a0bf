import type { AnswerSink, UpstreamCall, UpstreamRequest } from './contract.ts';

/** One connection to an endpoint. It carries one exchange at a time. */
export interface Connection {
  readonly busy: boolean;
  /** It will not carry anything any more. */
  readonly closed: boolean;
  /** Every failure goes to the sink. */
  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall;
  /** At once; an exchange on it hears nothing more. */
  close(): void;
}

/** The pool that owns a connection. */
export interface ConnectionOwner {
  /** The exchange is over and another may follow, but on a closed one. */
  released(connection: Connection): void;
  /** It was idle, and the service ended it; the next exchange would need a new one. */
  disconnected(connection: Connection): void;
}
