import { isBorrowed } from '../exchange/borrowed-bytes.ts';
import type {
  AnswerBlock,
  AnswerSink,
  Downstream,
  DownstreamListener,
  Fields,
  UpstreamCall,
  UpstreamRequest,
} from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { LongLived } from '../exchange/long-lived.ts';
import { CLIENT_LEFT_STATUS, type ExchangeRecord, noteError } from '../exchange/record.ts';
import { rescue } from '../exchange/rescue.ts';
import type { Deadline, Timed } from '../exchange/timer-wheel.ts';
import { trailerFields } from '../exchange/trailers.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import { outcomeOf } from '../upstream/outcome.ts';
import { isRepeatable, isStale, type Sent } from '../upstream/retry.ts';
import { framingOf, INFORMATIONAL_MAX, withoutLength } from './answer-framing.ts';
import { Attempts } from './attempts.ts';
import { clientFields, repeatedFields } from './client-fields.ts';
import type { HttpPlan } from './http-plan.ts';
import type { MirrorCopy } from './mirror.ts';
import { type BodyWatcher, WatchedBody } from './watched-body.ts';

/** Hears how an exchange ends that it has asked to be forwarded. */
export interface ForwardOwner {
  /** Nothing of an answer has gone out: the downstream is theirs again, to answer with this. */
  failed(error: GatewayError): void;
  /** The answer is an event stream: it has no end of its own. */
  lasts(exchange: LongLived): void;
  /** The exchange is over and the record complete. @param lasted the exchange itself, if `lasts` was called for it */
  closed(lasted: LongLived | null): void;
}

/** Carries one exchange: sends the request, again where that is safe, and streams the answer back. */
export class HttpForward implements AnswerSink, DownstreamListener, BodyWatcher, LongLived, Timed {
  readonly #downstream: Downstream;
  readonly #plan: HttpPlan;
  readonly #record: ExchangeRecord;
  readonly #owner: ForwardOwner;
  readonly #body: WatchedBody | null;
  readonly #attempts: Attempts;
  /** For another service, beside it. */
  readonly #copy: MirrorCopy | null;
  /** This object, or a sink in front of it that examines the answer. */
  readonly #sink: AnswerSink;
  #call: UpstreamCall | null = null;
  /** While it waits for a service that starts. */
  #stopWaiting: (() => void) | null = null;
  #reused = false;
  #informed = 0;
  #answering = false;
  /** The client has not accepted all written bytes yet. */
  #blocked = false;
  /** It is an event stream. */
  #lasts = false;
  #over = false;
  readonly #deadline: Deadline;
  #armedMs = 0;

  constructor(downstream: Downstream, plan: HttpPlan, record: ExchangeRecord, owner: ForwardOwner) {
    this.#downstream = downstream;
    this.#plan = plan;
    this.#record = record;
    this.#owner = owner;
    this.#attempts = new Attempts(plan.upstream, plan.choice, record);
    this.#copy = plan.mirror ? plan.mirror.begin(downstream.method, plan) : null;
    this.#sink = this.#copy?.pair?.besides(this) ?? this;
    const body = this.#copy === null ? plan.body : this.#copy.body;
    this.#body = body && new WatchedBody(body, this, plan.decidedFields);
    this.#deadline = plan.clock.deadline(this);
  }

  start(): void {
    this.#downstream.listen(this);
    this.#plan.upstream.budget.requests.add(false, this.#record.startedAt);
    this.#attempt();
  }

  #attempt(): void {
    const endpoint = this.#begin();
    if (!endpoint) return;
    const attempt = this.#attempts.count;
    // Until it is being sent, the pool keeps the time: of waiting for a connection, and of connecting.
    if (this.#armedMs > 0) this.#deadline.clear();
    try {
      const call = endpoint.connections.send(this.#request(endpoint), this.#sink);
      // The attempt may have failed, and another one begun, before `send` returned.
      if (this.#attempts.count === attempt && !this.#over) this.#call = call;
    } catch (cause) {
      this.fail(cause);
    }
  }

  #request(endpoint: Endpoint): UpstreamRequest {
    const { method } = this.#downstream;
    const { sentTarget: target, expectsContinue } = this.#plan;
    const body = this.#body;
    const repeated = this.#plan.repeatedFields?.(endpoint) ?? null;
    const fields = repeated && this.#plan.ownRequestFields;
    return {
      method,
      target,
      repeated,
      fields: fields ?? this.#plan.requestFields(endpoint),
      body,
      expectsContinue,
    };
  }

  #begin(): Endpoint | null {
    try {
      return this.#attempts.begin();
    } catch (cause) {
      this.#fallBackOrGiveUp(rescue(cause, 'connect'));
      return null;
    }
  }

  // Called by the service's side.

  started(reused: boolean): void {
    this.#reused = reused;
    this.#record.detail?.attemptSent(reused);
    if (this.#plan.serverTiming) this.#attempts.sentAt = performance.now();
    // A body that is flowing has a time of its own.
    if (this.#body?.begun) this.#deadline.refresh();
    else this.#arm(attemptMs(this.#plan, this.#downstream.method));
  }

  informational(status: number, fields: Fields): void {
    if (++this.#informed > INFORMATIONAL_MAX)
      throw new GatewayError('bad_answer', `more than ${INFORMATIONAL_MAX} answers of the 1xx kind`);
    const kept = this.#plan.informationalFields(this.#attempts.endpoint, withoutLength(fields));
    this.#downstream.informational(status, kept);
  }

  head(status: number, reason: string, fields: Fields, block: AnswerBlock | null = null): void {
    this.#record.status = status;
    this.#record.headAt = performance.now();
    const eventStream =
      !this.#headAgain(status, reason, fields, block) && this.#headAnew(status, reason, fields);
    // An extension may have had enough of it.
    if (this.#over) return;
    this.#answering = true;
    this.#attempts.answered(status, this.#record.headAt);
    this.#arm(eventStream ? this.#plan.timeouts.tunnelIdleMs : this.#plan.timeouts.idleMs);
    if (!eventStream) return;
    this.#lasts = true;
    this.#owner.lasts(this);
  }

  /** @returns whether the answer was sent as a repetition of the last one */
  #headAgain(status: number, reason: string, fields: Fields, block: AnswerBlock | null): boolean {
    if (block === null || block.forAll === null || !this.#downstream.headAgain) return false;
    if (block.forAll === undefined) block.forAll = repeatedFields(status, fields);
    const repeated = block.forAll && this.#plan.repeatedAnswer?.(this.#attempts.endpoint, block.forAll);
    if (!repeated) return false;
    this.#downstream.headAgain(status, reason, repeated, this.#plan.ownAnswerFields ?? []);
    return true;
  }

  /**
   * @returns whether the answer is a stream without an end of its own
   * @throws for fields that Node refuses to write; this becomes a failure, and nothing has been sent yet
   */
  #headAnew(status: number, reason: string, fields: Fields): boolean {
    const { eventStream, lengthKnown } = framingOf(fields);
    const outgoing = clientFields(fields, lengthKnown, this.#plan, this.#attempts, this.#record);
    this.#downstream.head(status, reason, outgoing);
    return eventStream;
  }

  data(chunk: Buffer): void {
    this.#record.bytesOut += chunk.length;
    this.#deadline.refresh();
    const more = this.#downstream.write(chunk);
    // Borrowed bytes that were not copied leave no garbage.
    if (!more || !isBorrowed(chunk)) this.#plan.memory.moved(chunk.length);
    if (more) return;
    this.#blocked = true;
    this.#call?.pause();
  }

  end(trailers: Fields): void {
    this.#call = null;
    this.#attempts.end('neutral');
    // The timer runs on until the client has taken the rest.
    this.#downstream.end(trailers.length === 0 ? trailers : trailerFields(trailers));
  }

  fail(cause: unknown): void {
    if (this.#over) return;
    this.#call = null;
    const error = rescue(cause, this.#answering ? 'body' : 'head');
    if (this.#answering) return this.#cutShort(error);
    // That a kept connection dies is the way of kept connections, and no fault of the service.
    this.#attempts.failed(error, isStale(error, this.#sent) ? 'neutral' : outcomeOf(error));
    this.#againOrGiveUp(error);
  }

  #againOrGiveUp(error: GatewayError): void {
    if (this.#attempts.mayRetry(error, this.#sent, this.#plan.retries)) this.#attempt();
    else if (!this.#waits(error)) this.#fallBackOrGiveUp(error);
  }

  #fallBackOrGiveUp(error: GatewayError): void {
    if (this.#attempts.fallsBack(error, this.#body?.begun ?? false)) this.#attempt();
    else this.#giveUp(error);
  }

  /** Nothing of the request was sent, and its service may listen soon. */
  #waits(error: GatewayError): boolean {
    const plan = this.#plan;
    if (error.code !== 'connection_refused' || plan.holds === undefined) return false;
    if (this.#body?.begun || this.#attempts.fellBack) return false;
    const deadline = () => this.#record.startedAt + (plan.holdMs?.() ?? 0);
    if (performance.now() >= deadline()) return false;
    const done = (opened: boolean) => (opened ? this.#attempt() : this.#fallBackOrGiveUp(error));
    this.#stopWaiting = plan.holds.wait(this.#attempts.endpoint, deadline, done);
    return this.#stopWaiting !== null;
  }

  get #sent(): Sent {
    return {
      method: this.#downstream.method,
      hasBody: this.#body !== null,
      bodyBegun: this.#body?.begun ?? false,
      reused: this.#reused,
    };
  }

  // Called by the client's side.

  drained(): void {
    this.#blocked = false;
    this.#arm(this.#armedMs);
    this.#call?.resume();
  }

  /** Neither side is late for the time of a hold. */
  held(ms: number): void {
    if (!this.#over) this.#deadline.arm(this.#armedMs + ms);
  }

  bodyHeld(ms: number): void {
    if (!this.#answering) this.held(ms);
  }

  closed(completed: boolean): void {
    if (this.#over) return;
    if (!completed) this.#clientLeft(new GatewayError('client_left', 'the client closed its connection'));
    this.#finish();
    this.#owner.closed(this.#lasts ? this : null);
  }

  #clientLeft(error: GatewayError): void {
    this.#attempts.failed(error);
    noteError(this.#record, error);
    this.#record.status = CLIENT_LEFT_STATUS;
  }

  bodyBegan(): void {
    if (!this.#answering) this.#arm(this.#plan.timeouts.idleMs);
  }

  bodyReceived(bytes: number): void {
    this.#record.bytesIn += bytes;
    this.#deadline.refresh();
  }

  bodyKept(bytes: number): void {
    this.#plan.memory.moved(bytes);
  }

  bodyEnded(): void {
    if (!this.#answering) this.#arm(this.#plan.timeouts.responseMs);
  }

  // Called by deadlines.

  #arm(ms: number): void {
    if (this.#over) return;
    this.#armedMs = ms;
    this.#deadline.arm(ms);
  }

  timedOut(): void {
    const error = new GatewayError(this.#lateness(), `nothing moved for ${this.#armedMs} ms`);
    if (this.#answering) return this.#cutShort(error);
    this.#attempts.failed(error);
    this.#call?.abort();
    this.#call = null;
    this.#againOrGiveUp(error);
  }

  /** Which side was late. */
  #lateness(): 'reader_timeout' | 'idle_timeout' | 'body_timeout' | 'response_timeout' {
    if (this.#answering) return this.#blocked ? 'reader_timeout' : 'idle_timeout';
    return this.#body?.awaitsClient ? 'body_timeout' : 'response_timeout';
  }

  // How it ends.

  close(): void {
    if (!this.#over)
      this.#cutShort(new GatewayError('drained', 'an event stream was ended by a reload or a stop'));
  }

  #giveUp(error: GatewayError): void {
    this.#finish();
    this.#owner.failed(error);
  }

  /** The head is out, so the connection must break off to show that the answer is incomplete. */
  #cutShort(error: GatewayError): void {
    noteError(this.#record, error);
    this.#finish();
    this.#downstream.abort();
    this.#owner.closed(this.#lasts ? this : null);
  }

  #finish(): void {
    this.#over = true;
    this.#copy?.originalEnded();
    this.#stopWaiting?.();
    this.#attempts.end('neutral');
    this.#deadline.clear();
    this.#call?.abort();
    this.#call = null;
  }
}

/**
 * How long one attempt may take until the head of its answer. A request that may be sent again has less time for each attempt than for all
 * of them.
 */
function attemptMs({ timeouts, retries, body }: HttpPlan, method: string): number {
  if (retries.perTryMs === null || !isRepeatable(method, body !== null)) return timeouts.responseMs;
  return Math.min(retries.perTryMs, timeouts.responseMs);
}
