import type { Dispatcher } from 'undici';
import { ownBytes } from '../exchange/borrowed-bytes.ts';
import type { Downstream, DownstreamListener, Fields, RequestBody } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';

/** An exchange on an extended route, waiting for the request that its extension makes of it. */
export interface ExtendedExchange {
  /** The header section before the extension: fields that it left alone go on as the client sent them. */
  readonly original: Readonly<Record<string, string | string[] | undefined>>;
  /** Begins forwarding: the answer goes to `downstream`, the fields are those of a plain route with `edit` applied. */
  forward(downstream: HandlerDownstream, edit: FieldEdit | null): void;
  readonly body: RequestBody | null;
}

/** The changes that an extension made to the request's fields; names in lower case. */
export interface FieldEdit {
  readonly removed: ReadonlySet<string>;
  /** Replaces every field of that name, or adds it. */
  readonly set: ReadonlyMap<string, readonly string[]>;
}

/** A field name that no client can know: it carries which exchange a request belongs to through @fastify/http-proxy. */
export interface Tag {
  readonly name: string;
  take(value: string): ExtendedExchange | undefined;
}

/** @fastify/http-proxy sets these for its own purposes; the forwarding sets them better. */
const NOT_EDITS: ReadonlySet<string> = new Set(['host', 'connection', 'transfer-encoding', 'content-length']);

/** @returns `null`: nothing was changed. @throws GatewayError `extension_failed` */
export function editOf(
  before: ExtendedExchange['original'],
  after: ExtendedExchange['original'],
  tag: string | null = null,
): FieldEdit | null {
  const removed = new Set<string>();
  const set = new Map<string, readonly string[]>();
  for (const name of Object.keys(before))
    if (after[name] === undefined && !NOT_EDITS.has(name)) removed.add(name);
  for (const [name, value] of Object.entries(after)) {
    const lower = name.toLowerCase();
    if (value === undefined || lower === tag || NOT_EDITS.has(lower) || value === before[lower]) continue;
    set.set(lower, [value].flat().map(String));
  }
  // A line end in an extension's value would begin another field.
  const wrong = invalidField(set);
  if (wrong !== null) throw new GatewayError('extension_failed', `${wrong} can't be a header field`);
  return removed.size === 0 && set.size === 0 ? null : { removed, set };
}

/** RFC 9110 §5.1, §5.5. @returns the name of a field that would be none. */
function invalidField(set: FieldEdit['set']): string | null {
  for (const [name, values] of set)
    if (!TOKEN.test(name) || values.some((value) => NOT_VALUE.test(value))) return JSON.stringify(name);
  return null;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
const NOT_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Applies an extension's edit to the fields as the client sent them. */
export function editFields(fields: Fields, { removed, set }: FieldEdit): string[] {
  const out: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const lower = fields[i]!.toLowerCase();
    if (!removed.has(lower) && !set.has(lower)) out.push(fields[i]!, fields[i + 1]!);
  }
  for (const [name, values] of set) for (const value of values) out.push(name, value);
  return out;
}

/** An undici handler in the role of a client: it gets the forwarded answer through undici's callbacks. */
export class HandlerDownstream implements Downstream {
  readonly method: string;
  readonly fields: Fields = [];
  readonly body: RequestBody | null;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #controller = new HandlerController(this);
  #listener: DownstreamListener | null = null;
  #ended = false;

  constructor(method: string, body: RequestBody | null, handler: Dispatcher.DispatchHandler) {
    this.method = method;
    this.body = body;
    this.#handler = handler;
  }

  /** Whether its answer is still to come, or to be completed. */
  get underWay(): boolean {
    return !this.#ended;
  }

  begin(): void {
    this.#handler.onRequestStart?.(this.#controller, null);
  }

  listen(listener: DownstreamListener): void {
    this.#listener = listener;
  }

  /** undici's handlers have no place for 1xx answers; a client may always do without (RFC 9110 §15.2). */
  informational(): void {}

  head(status: number, reason: string, fields: Fields): void {
    this.#controller.rawHeaders = [...fields];
    this.#handler.onResponseStart?.(this.#controller, status, grouped(fields), reason);
  }

  write(chunk: Buffer): boolean {
    this.#handler.onResponseData?.(this.#controller, ownBytes(chunk));
    return !this.#controller.paused;
  }

  end(trailers: Fields): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#controller.rawTrailers = [...trailers];
    this.#handler.onResponseEnd?.(this.#controller, grouped(trailers));
    this.#listener?.closed(true);
  }

  abort(): void {
    this.fail(new Error('the answer broke off'));
  }

  /** Ends the request of the extension with an error, as a failed connection would. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handler.onResponseError?.(this.#controller, error);
  }

  /** The reader takes more again. */
  drained(): void {
    this.#listener?.drained();
  }

  /** The reader is gone: the client left, or the extension aborted. */
  left(reason: Error): void {
    if (this.#ended) return;
    this.#listener?.closed(false);
    this.fail(reason);
  }
}

/** The controller that undici passes to handlers. */
class HandlerController implements Dispatcher.DispatchController {
  readonly #downstream: HandlerDownstream;
  rawHeaders: string[] = [];
  rawTrailers: string[] = [];
  aborted = false;
  paused = false;
  reason: Error | null = null;

  constructor(downstream: HandlerDownstream) {
    this.#downstream = downstream;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#downstream.drained();
  }

  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
    this.#downstream.left(reason);
  }
}

/** As undici hands fields over: lower-case names, lists for repeated ones. */
export function grouped(fields: Fields): Record<string, string | string[]> {
  const group: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const before = group[name];
    group[name] = before === undefined ? fields[i + 1]! : [before, fields[i + 1]!].flat();
  }
  return group;
}
