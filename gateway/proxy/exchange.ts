import type { Socket } from 'node:net';
import type { ErrorAnswer } from '../answer/error-answer.ts';
import type { ClientExchange, ClientRequest } from '../exchange/client-exchange.ts';
import type { Fields, Lane } from '../exchange/contract.ts';
import type { Traffic } from '../exchange/counters/traffic.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { LongLived, LongLivedExchanges } from '../exchange/long-lived.ts';
import type { Peer } from '../exchange/peer.ts';
import { CLIENT_LEFT_STATUS, type ExchangeRecord, noteError } from '../exchange/record.ts';
import { wantsPage } from '../fields/accept.ts';
import type { Arrival, LocalAnswer } from '../fields/exchange.ts';
import { ownOriginOf } from '../fields/forwarded.ts';
import { type Believed, believe, type RequestFacts } from '../fields/request-facts.ts';
import type { ForwardOwner } from '../forward/http.ts';
import type { EndpointConfig } from '../model/config.ts';
import { fieldsWithPage } from '../policy/error-pages/paged-answer.ts';
import type { RoutePolicies } from '../policy/route-policies.ts';
import type { OwnOrigin } from '../route/escape.ts';
import type { RouteRequest } from '../route/table.ts';
import type { RequestTarget } from '../route/target.ts';
import { type AnswerWriter, DownstreamWriter, SocketWriter } from './answer-writer.ts';
import type { InFlight } from './in-flight.ts';
import type { Responder } from './responder.ts';
import type { Routed } from './routed.ts';
import type { Snapshot } from './snapshot.ts';

/** Where an exchange stands. It goes from `arrived` to one of the next four, and from there to `over`; a routed one may still be refused. */
export type ExchangeState =
  | { readonly kind: 'arrived' }
  | Refused
  | AnsweredHere
  | { readonly kind: 'page' }
  | { readonly kind: 'dashboard' }
  | Routed
  | { readonly kind: 'over' };

/** `routed`: the route that had taken it by then. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: GatewayError;
  readonly routed: Routed | null;
}

/** A policy answers in place of the service, or the gateway itself does. */
export interface AnsweredHere {
  readonly kind: 'answered';
  readonly answer: LocalAnswer;
  readonly routed: Routed | null;
}

/** An upgrade as it arrives. It is answered on the bare socket. */
export class UpgradeRequest implements ClientRequest {
  readonly method: string;
  readonly rawTarget: string;
  readonly version: string;
  readonly fields: Fields;
  readonly block = null;
  readonly body = null;
  readonly peer: Peer;
  readonly socket: Socket;
  /** Bytes that the client sent after its handshake. */
  early: Buffer;

  constructor(request: Omit<ClientRequest, 'block' | 'body'>, socket: Socket, early: Buffer) {
    this.method = request.method;
    this.rawTarget = request.rawTarget;
    this.version = request.version;
    this.fields = request.fields;
    this.peer = request.peer;
    this.socket = socket;
    this.early = early;
  }
}

/** The parts that every exchange needs to end; one for the life of the process. */
export interface ExchangeEnds {
  readonly responder: Responder;
  readonly inFlight: InFlight;
  readonly longLived: LongLivedExchanges;
}

/**
 * One exchange, from its head to its line in the log. `Carrier` begins it, `decide` returns its next state, and it ends itself: by
 * `failed`, by an answer of the gateway's own, or when the forwarding reports its end. Nothing else changes its state.
 */
export class Exchange implements Arrival, RouteRequest, ForwardOwner {
  /** The snapshot that was current when it arrived stays its own to the end. */
  readonly snapshot: Snapshot;
  /** Changes by `moveTo` alone. */
  downstream: ClientExchange | UpgradeRequest;
  readonly peer: Peer;
  readonly facts: RequestFacts;
  readonly record: ExchangeRecord;
  readonly method: string;
  readonly version: string;
  readonly rawTarget: string;
  /** Those of no request, until the admission has read them. */
  target: RequestTarget = NO_TARGET;
  authority = '';
  /** Lower case, without port. */
  host = '';
  readonly #ends: ExchangeEnds;
  #state: ExchangeState = ARRIVED;
  /** Where it is counted as under way. */
  #traffic: Traffic;
  #holdsSnapshot = false;
  readonly #isHandshake: boolean;

  constructor(
    snapshot: Snapshot,
    downstream: ClientExchange | UpgradeRequest,
    facts: RequestFacts,
    record: ExchangeRecord,
    ends: ExchangeEnds,
  ) {
    this.snapshot = snapshot;
    this.downstream = downstream;
    this.peer = downstream.peer;
    this.facts = facts;
    this.record = record;
    this.method = downstream.method;
    this.version = downstream.version;
    this.rawTarget = downstream.rawTarget;
    this.#ends = ends;
    this.#traffic = ends.inFlight.unrouted;
    this.#isHandshake = downstream instanceof UpgradeRequest;
  }

  /** Continues with another reading of the same head, in the other lane. */
  moveTo(client: ClientExchange | UpgradeRequest): void {
    this.downstream = client;
    if (this.record.detail !== null) this.record.detail.client = client;
  }

  get state(): ExchangeState {
    return this.#state;
  }

  get isUpgrade(): boolean {
    return this.downstream instanceof UpgradeRequest;
  }

  /** Those of the route that took it, if one did. */
  get endpoints(): readonly EndpointConfig[] {
    return this.#takenBy?.match.route.upstream.endpoints ?? [];
  }

  /** The policies of that route, or those of unrouted requests. */
  get policies(): RoutePolicies {
    return this.#takenBy?.policies ?? this.snapshot.unrouted;
  }

  /** The origin of the request, by those claims of the peer that are believed. */
  get believed(): Believed {
    return believe(this.facts, this.peer, this.snapshot.trust, this.authority);
  }

  /** The gateway's origin as the client sees it. */
  get ownOrigin(): OwnOrigin {
    return ownOriginOf(this.believed.origin);
  }

  /** The values of a field as one list (RFC 9110 §5.3). */
  header(lowerName: string): string | undefined {
    const { fields } = this.downstream;
    let found: string | undefined;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i]!.toLowerCase() !== lowerName) continue;
      found = found === undefined ? fields[i + 1]! : `${found}, ${fields[i + 1]}`;
    }
    return found;
  }

  /** It is carried in this lane: a stopping gateway waits for it from now on. */
  enter(state: Exclude<ExchangeState, { kind: 'arrived' | 'over' }>, lane: Lane): void {
    this.#state = state;
    this.record.lane = lane;
    this.#traffic = this.#trafficOf(state);
    this.#traffic.active++;
    this.#ends.inFlight.begin();
    this.#holdsSnapshot = true;
    this.snapshot.retain();
  }

  #trafficOf(state: ExchangeState): Traffic {
    const { unrouted, page } = this.#ends.inFlight;
    if (state.kind === 'page') return page;
    const routed = state.kind === 'routed' ? state : 'routed' in state ? state.routed : null;
    return routed?.upstream.traffic ?? unrouted;
  }

  /** Refuses a routed exchange. Nothing of an answer is out. */
  refuse(routed: Routed, error: GatewayError): void {
    this.#state = { kind: 'refused', error, routed };
    this.failed(error);
  }

  /** A policy answers in place of the service. */
  answerInstead(routed: Routed, answer: LocalAnswer): void {
    this.#state = { kind: 'answered', answer, routed };
    this.answerLocally(answer);
  }

  // Answers of the gateway's own.

  /** One error answer. */
  failed(error: GatewayError): void {
    this.record.status = error.row.status;
    noteError(this.record, error);
    const { downstream } = this;
    if (ENDS_CONNECTION.has(error.code) && !(downstream instanceof UpgradeRequest))
      downstream.closeAfterAnswer();
    const give = ({ status, fields, body }: ErrorAnswer) => this.answer(status, fields, body);
    const answer = this.#ends.responder.errorAnswer(this, error);
    if (answer instanceof Promise) void answer.then(give);
    else give(answer);
  }

  /** No error: a redirect, `OPTIONS *`. */
  answerLocally({ status, fields, body = EMPTY }: LocalAnswer): void {
    const { requestId } = this.record;
    if (this.#isHandshake && this.#wouldOpen(status))
      return this.failed(new GatewayError('upgrade_refused', `a ${status} of the gateway itself`));
    const page = body.length === 0 && status >= 400 ? this.policies.errorPage(status, requestId) : null;
    if (page !== null && wantsPage(this.facts.accept))
      return this.answer(status, [...fieldsWithPage(fields, page), 'X-Request-Id', requestId], page);
    const varies = page === null ? [] : ['Vary', 'Accept'];
    const length = status === 204 || status === 304 ? [] : ['Content-Length', String(body.length)];
    this.answer(status, [...fields, ...varies, ...length, 'X-Request-Id', requestId], body);
  }

  answer(status: number, fields: Fields, body: Buffer): void {
    const { record } = this;
    record.status = status;
    record.headAt = performance.now();
    record.bytesOut = record.method === 'HEAD' ? 0 : body.length;
    this.writer.answer(status, this.#outgoing(fields), body, (completed) => {
      if (!completed) this.clientLeft();
      this.leave();
    });
  }

  /** As policies, and TLS, have it. */
  #outgoing(fields: Fields): Fields {
    const routed = this.#takenBy;
    const own = () => (this.peer.secure && this.snapshot.overTls?.(fields)) || fields;
    const outgoing = routed === null ? own() : routed.ownFields(fields);
    if (this.record.detail !== null) this.record.detail.answerFields = outgoing;
    return outgoing;
  }

  /** The route that took it, if one did. */
  get #takenBy(): Routed | null {
    const state = this.#state;
    if (state.kind === 'routed') return state;
    return 'routed' in state ? state.routed : null;
  }

  get writer(): AnswerWriter {
    const { downstream } = this;
    return downstream instanceof UpgradeRequest
      ? new SocketWriter(downstream.socket)
      : new DownstreamWriter(downstream);
  }

  clientLeft(): void {
    noteError(this.record, new GatewayError('client_left', 'the client closed its connection'));
    this.record.status = CLIENT_LEFT_STATUS;
  }

  // Called by the forwarding.

  lasts(forward: LongLived): void {
    if (this.#state.kind === 'routed') this.#ends.longLived.add(this.#state.live.signature, forward);
    this.letSnapshotGo();
  }

  closed(lasted: LongLived | null): void {
    if (lasted && this.#state.kind === 'routed')
      this.#ends.longLived.delete(this.#state.live.signature, lasted);
    this.leave();
  }

  /** The service agreed to an upgrade: a tunnel may go on for hours. */
  opened(): void {
    this.#traffic.tunnelOpened(this.record);
    this.letSnapshotGo();
  }

  /** It may go on for hours, and needs nothing of its snapshot any more. */
  letSnapshotGo(): void {
    if (!this.#holdsSnapshot) return;
    this.#holdsSnapshot = false;
    this.snapshot.release();
  }

  /** It is over: counted, and written down. */
  leave(): void {
    if (this.#state.kind === 'over') return;
    this.#takenBy?.over();
    if (this.#isHandshake) this.#noteUnopened();
    this.#state = OVER;
    this.record.endedAt = performance.now();
    this.#ends.inFlight.ended(this.record, this.#traffic);
    this.letSnapshotGo();
    this.#ends.inFlight.end();
  }

  /** Over HTTP/2 a 2xx opens the tunnel (RFC 8441 §5). */
  #wouldOpen(status: number): boolean {
    return this.record.protocol === 'HTTP/2' && status >= 200 && status <= 299;
  }

  /** A 2xx that opened no tunnel reaches the client as 502 (listener/h2/h2-bridge.ts). */
  #noteUnopened(): void {
    const { record } = this;
    if (record.tunnel || !this.#wouldOpen(record.status)) return;
    // Without an endpoint it was a hook that answered.
    const code = record.endpoint === null ? 'upgrade_refused' : 'bad_answer';
    if (record.errorCode === null)
      noteError(record, new GatewayError(code, `a ${record.status} to the handshake of a WebSocket`));
    record.status = 502;
  }
}

const ARRIVED: ExchangeState = { kind: 'arrived' };
const OVER: ExchangeState = { kind: 'over' };
const EMPTY = Buffer.alloc(0);

/** Where a message ends, or whom it is for, is in doubt: nothing that follows on the connection can be trusted (RFC 9112 §11.2). */
const ENDS_CONNECTION: ReadonlySet<string> = new Set([
  'bad_request',
  'bad_host',
  'coding_refused',
  'version_refused',
]);

const NO_TARGET: RequestTarget = {
  kind: 'asterisk',
  raw: '',
  rawPathLength: 0,
  query: '',
  canonical: '',
  decodedAt: null,
  foldable: false,
  authority: null,
};
