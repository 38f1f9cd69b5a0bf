/**
 * The two seams of forwarding. `forward/` speaks only these, so that the client's side can be carried by `node:http` (the general lane) or by
 * wire code of our own, as the service's side is, while balancing, retries, timeouts, cancellation and errors stay the same code.
 */

/** Which implementation of the client's side carries an exchange: our own HTTP/1.1 on plain sockets, or `node:http`. */
export type Lane = 'wire' | 'general';

/** Header fields as they stand on the wire: name, value, name, value ... in order, case and repetition kept, latin-1. */
export type Fields = readonly string[];

/** The body of a request; a request without one has `null` in its place. Nothing is read before `read`. */
export interface RequestBody {
  /** Bytes announced by Content-Length; `null`: chunked. */
  readonly length: number | null;
  /** The client waits for a 100 before it sends any of it (RFC 9110 §10.1.1), and this side leaves it to the service to say so. */
  readonly expectsContinue?: boolean;
  /** Begins the flow; called at most once, and not before somebody is ready to take it (this is when 100-continue goes out). */
  read(sink: BodySink): void;
  pause(): void;
  resume(): void;
}

export interface BodySink {
  /** The bytes are borrowed (borrowed-bytes.ts), here and wherever a body is passed on. */
  data(chunk: Buffer): void;
  /** @param trailers the fields after the last chunk (RFC 9112 §7.1.2) */
  end(trailers: Fields): void;
  /** The client left in the middle of it. */
  fail(cause: Error): void;
  /** Nothing follows for so many milliseconds, on purpose. */
  held?(ms: number): void;
}

/**
 * The fields of requests that repeat on a connection, byte for byte: one object for all of them, so that everything derived from the fields
 * is computed once (decision 0118).
 */
export class FieldBlock {
  readonly fields: Fields;
  /** The facts read from them (fields/request-facts.ts); `null`: not read yet. */
  facts: object | null = null;

  constructor(fields: Fields) {
    this.fields = fields;
  }
}

/** Fields that are sent again and again. Their writers keep the text here. */
export class RepeatedFields {
  readonly fields: Fields;
  /** Of an answer, from the status line on; `null`: not written yet. */
  text: string | null = null;
  /** The value of its `Content-Length`, or -1; and whether it has a `Date`. */
  length = -1;
  dated = false;
  /** The same fields as the last route changed them. */
  changed: ChangedFields | null = null;

  constructor(fields: Fields) {
    this.fields = fields;
  }
}

/** Repeated fields as one route's policies change them. */
export interface ChangedFields {
  /** Of which route and snapshot (policy/route-policies.ts). */
  readonly by: object;
  /** The part of the request that the change depends on. */
  readonly variant: string;
  readonly secure: boolean;
  readonly repeated: RepeatedFields;
}

/** The head of an answer that comes again on a connection to a service, byte for byte. */
export class AnswerBlock {
  /** The fields as every client gets them; `null`: they differ between clients; `undefined`: not computed yet. */
  forAll: RepeatedFields | null | undefined = undefined;
}

/** One request of a client and the place where its answer goes. */
export interface Downstream {
  readonly method: string;
  readonly fields: Fields;
  readonly body: RequestBody | null;
  /** Registers the listener for the connection's events; at most one at a time. */
  listen(listener: DownstreamListener): void;
  /** A 1xx answer, 101 excepted; may come any number of times before `head`. */
  informational(status: number, fields: Fields): void;
  /** The head of the final answer. Hop-by-hop fields are this side's own business and must not be among the fields. */
  head(status: number, reason: string, fields: Fields): void;
  /** The same for repeated fields, whose text is kept for the next time. @param own fields of this answer alone, behind the others */
  headAgain?(status: number, reason: string, repeated: RepeatedFields, own: Fields): void;
  /** @returns whether more may be written now; otherwise `drained` is called later */
  write(chunk: Buffer): boolean;
  end(trailers: Fields): void;
  /** Ends the connection in a way that no client takes for the end of a complete answer. */
  abort(): void;
}

export interface DownstreamListener {
  drained(): void;
  /** `drained` does not come for so many milliseconds, on purpose. */
  held?(ms: number): void;
  /** The connection is gone or the answer is out; nothing is called after it. */
  closed(completed: boolean): void;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly target: string;
  /** Framing fields among them must agree with the body; this side writes its own. */
  readonly fields: Fields;
  /** The part of the head that repeats, in front of `fields`; the framing fields are in it then. */
  readonly repeated?: RepeatedFields | null;
  readonly body: RequestBody | null;
  /** The client waits for a 100 before it sends the body (RFC 9110 §10.1.1): where this side can, the service is asked. */
  readonly expectsContinue?: boolean;
}

/** Receives the answer to a request. Nothing more is called after `end` or `fail`. */
export interface AnswerSink {
  /** The request is being written to a connection. `reused`: the connection has carried an exchange before. */
  started(reused: boolean): void;
  informational(status: number, fields: Fields): void;
  /** @param block identifies a head that has come before */
  head(status: number, reason: string, fields: Fields, block?: AnswerBlock | null): void;
  data(chunk: Buffer): void;
  end(trailers: Fields): void;
  fail(cause: unknown): void;
}

/** A request under way, as its sender holds it. */
export interface UpstreamCall {
  pause(): void;
  resume(): void;
  /** Gives it up at once: its connection is closed, and the sink hears nothing more. */
  abort(): void;
}
