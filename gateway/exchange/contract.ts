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
  /** @param trailers what stood behind the last chunk (RFC 9112 §7.1.2). */
  end(trailers: Fields): void;
  /** The client left in the middle of it. */
  fail(cause: Error): void;
  /** Nothing follows for so many milliseconds, on purpose. */
  held?(ms: number): void;
}

/**
 * The fields of requests that come again on a connection, byte for byte: one object for all of them, so that what is made of the fields is
 * made once (decision 0118).
 */
export class FieldBlock {
  readonly fields: Fields;
  /** What they say (fields/request-facts.ts); `null`: nobody has asked yet. */
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
  /** What `Content-Length` says in it, or -1, and whether there is a `Date`. */
  length = -1;
  dated = false;
  /** What the route that gave them last made of them. */
  changed: ChangedFields | null = null;

  constructor(fields: Fields) {
    this.fields = fields;
  }
}

/** Fields that come again, as one route tells them. */
export interface ChangedFields {
  /** Of which route and snapshot (policy/route-policies.ts). */
  readonly by: object;
  /** What of the request it depends on. */
  readonly variant: string;
  readonly secure: boolean;
  readonly repeated: RepeatedFields;
}

/** The head of an answer that comes again on a connection to a service, byte for byte. */
export class AnswerBlock {
  /** What every client is told of its fields; `null`: that is another thing for each. `undefined`: nobody has asked yet. */
  told: RepeatedFields | null | undefined = undefined;
}

/** One request of a client and the place where its answer goes. */
export interface Downstream {
  readonly method: string;
  readonly fields: Fields;
  readonly body: RequestBody | null;
  /** Registers who is told of the connection's own events; at most one listener at a time. */
  listen(listener: DownstreamListener): void;
  /** A 1xx answer, 101 excepted; may come any number of times before `head`. */
  informational(status: number, fields: Fields): void;
  /** The head of the final answer. Hop-by-hop fields are this side's own business and must not be among the fields. */
  head(status: number, reason: string, fields: Fields): void;
  /** Does the same, where what has been made of the fields before is worth something. @param own fields of this answer alone, behind the others. */
  headAgain?(status: number, reason: string, repeated: RepeatedFields, own: Fields): void;
  /** Whether more may be written at once; if not, `drained` tells when. */
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
  /** How the body is framed is this side's own business: what stands here of it must agree with the body, and is written anew. */
  readonly fields: Fields;
  /** What stands before them and was sent before; what says how the body is framed stands among these then. */
  readonly repeated?: RepeatedFields | null;
  readonly body: RequestBody | null;
  /** The client waits for a 100 before it sends the body (RFC 9110 §10.1.1): where this side can, the service is asked. */
  readonly expectsContinue?: boolean;
}

/** What becomes of a request that was sent. After `end` or `fail` nothing more is called. */
export interface AnswerSink {
  /** The request is being written to a connection. `reused`: the connection has carried an exchange before. */
  started(reused: boolean): void;
  informational(status: number, fields: Fields): void;
  /** @param block what the head is known by, where it has come before. */
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
