import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Caches } from '../cache/caches.ts';
import type { BulkMemory } from '../exchange/bulk-memory.ts';
import type { ClientExchange, ClientRequest } from '../exchange/client-exchange.ts';
import type { Downstream } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { IdentitySource } from '../exchange/identity.ts';
import type { LastingExchanges } from '../exchange/long-lived.ts';
import { peerOf } from '../exchange/peer.ts';
import { type ExchangeRecord, newExchangeRecord } from '../exchange/record.ts';
import { Clock } from '../exchange/timer-wheel.ts';
import type { RoutedExchange } from '../fields/exchange.ts';
import { readFacts } from '../fields/request-facts.ts';
import type { FieldEdit, HandlerDownstream } from '../forward/extend.ts';
import { HttpForward } from '../forward/http.ts';
import type { HttpPlan } from '../forward/http-plan.ts';
import type { HttpListenerHandler } from '../listener/http.ts';
import type { HttpDownstream } from '../listener/http-downstream.ts';
import type { Overload } from '../overload/overload.ts';
import { laneOf } from '../route/lane.ts';
import { CachedEnd, type CacheRole, cacheRole, type FetchForCache, startCached } from './cached.ts';
import { decide } from './decide.ts';
import { hideClaims } from './extended.ts';
import { type ForwardEnd, Forwarding, HandlerEnd, PlainEnd } from './forwarding.ts';
import type { InFlight } from './in-flight.ts';
import { keepPassage, Passage, passageOf } from './passage.ts';
import { type Carriage, extendedPlan, httpPlan, tunnelPlan } from './plans.ts';
import type { Responder } from './responder.ts';
import type { InternalRoute } from './router.ts';
import type { Snapshot } from './snapshot.ts';
import { mayTunnel, openTunnel } from './tunnel.ts';
import { WrittenElsewhere } from './written-elsewhere.ts';

export interface CarrierOptions {
  readonly mode: 'development' | 'production';
  readonly snapshot: () => Snapshot;
  readonly responder: Responder;
  readonly inFlight: InFlight;
  readonly lasting: LastingExchanges;
  readonly memory: BulkMemory;
  readonly caches: Caches;
  readonly overload: Overload;
}

/**
 * The path of a request, top to bottom: listener → route table → filters → balancer → forward → observe. Whatever
 * fails on the way goes to the rescue, and comes out as one error answer. Every exchange ends in `InFlight.leave`, which writes its line.
 */
export class Carrier implements HttpListenerHandler {
  readonly #options: CarrierOptions;
  readonly #identity = new IdentitySource();
  readonly clock = new Clock();
  /**
   * The name under which this gateway stands in `Via` (RFC 9110 §7.6.3). Each process has one of its own, so that one Portway behind
   * another is no loop, and a request that really comes back is.
   */
  readonly #pseudonym = `portway-${randomBytes(4).toString('hex')}`;

  constructor(options: CarrierOptions) {
    this.#options = options;
  }

  // Listener: something arrived.

  /** In the wire lane; what it does not carry is forgotten, and arrives once more in the general lane. */
  carries(exchange: ClientExchange): boolean {
    if (this.#refuses(exchange)) return true;
    const passage = this.#arrive(exchange);
    passage.client = exchange;
    passage.refusal = exchange.refusal ?? null;
    const goesOn = !passage.refusal && decide(passage, this.#pseudonym);
    if (goesOn && !staysOnWire(passage)) return false;
    passage.record.lane = 'wire';
    this.#options.inFlight.enter(passage);
    this.#carry(passage);
    return true;
  }

  request(
    request: IncomingMessage,
    response: ServerResponse,
    downstream: HttpDownstream,
    refusal: GatewayError | null,
  ): void {
    if (!refusal && this.#refuses(downstream)) return;
    const passage = this.#arrive(downstream);
    this.#options.inFlight.enter(passage);
    passage.client = passage.http = downstream;
    passage.refusal = refusal;
    keepPassage(request, passage);
    // Comes back to `choose`, and then to `carry` for all but the gateway's own page and extended routes.
    passage.snapshot.dispatch(request, response);
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const passage = this.#arrive({
      method: request.method!,
      rawTarget: request.url!,
      version: request.httpVersion,
      fields: request.rawHeaders,
      body: null,
      peer: peerOf(socket),
    });
    this.#options.inFlight.enter(passage);
    passage.socket = socket;
    if (this.#options.overload.refuses())
      passage.refusal = new GatewayError('overloaded', 'no new tunnels for now');
    const goesOn = !passage.refusal && this.#decide(passage);
    if (goesOn && passage.exchange && mayTunnel(passage, passage.exchange)) {
      const plan = tunnelPlan(passage.exchange, this.#carriage(passage));
      openTunnel(passage, plan, socket, head, this.#options);
    } else this.#answerHere(passage);
  }

  /** It is no exchange then, and leaves no line: what it costs is taken from those that are carried. */
  #refuses(exchange: ClientExchange): boolean {
    const { overload } = this.#options;
    if (!overload.refuses()) return false;
    overload.refuse(exchange);
    return true;
  }

  refused(error: GatewayError, socket: Socket, toHead = false): void {
    this.#options.responder.refuse(error, socket, this.#identity.requestId(null, false), toHead);
  }

  #arrive(request: ClientRequest): Passage {
    const snapshot = this.#options.snapshot();
    const { peer } = request;
    const facts = readFacts(request.fields);
    const believed = facts.requestId !== null && snapshot.trust.includes(peer.address);
    const id = this.#identity.requestId(facts.requestId, believed);
    const protocol = PROTOCOLS[request.version] ?? 'HTTP/1.1';
    const record = newExchangeRecord(id, request.method, request.rawTarget, protocol, peer.address);
    return new Passage(snapshot, request, peer, facts, record);
  }

  // Route table and filters: what may be asked, and who owns it (decide.ts).

  /** Fastify asks this first, for every request: our table decides, and names the place inside Fastify. */
  choose(request: IncomingMessage): InternalRoute {
    const { responder, inFlight } = this.#options;
    const passage = passageOf(request);
    if (passage.refusal || !this.#decide(passage)) return { kind: 'plain' };
    if (passage.exchange?.match.route.extend === null) return { kind: 'plain' };
    new WrittenElsewhere(passage, responder, inFlight, this.clock).begin();
    if (passage.exchange) {
      hideClaims(passage, request.headers);
      return { kind: 'extended', index: passage.exchange.match.index };
    }
    inFlight.paged(passage);
    return { kind: 'page' };
  }

  #decide(passage: Passage): boolean {
    const goesOn = decide(passage, this.#pseudonym);
    this.#options.inFlight.routed(passage);
    return goesOn;
  }

  // Balancer and forward: to the service and back.

  /** A plain route, or an answer of the gateway's own; Fastify has let go of the request. */
  carry(request: IncomingMessage): void {
    this.#carry(passageOf(request));
  }

  #carry(passage: Passage): void {
    const { exchange } = passage;
    if (passage.refusal || passage.local || !exchange) return this.#answerHere(passage);
    const plan = httpPlan(exchange, this.#carriage(passage));
    const role = cacheRole(this.#options.caches, passage, exchange);
    if (role.kind === 'asked') return this.#carryCached(role, passage, exchange, plan);
    const { responder, inFlight } = this.#options;
    this.#forward(passage, role.downstream, plan, new PlainEnd(passage, responder, inFlight));
  }

  /** A cached route: the cache answers, and asks the service where it must. */
  #carryCached(
    role: Extract<CacheRole, { kind: 'asked' }>,
    passage: Passage,
    exchange: RoutedExchange,
    plan: HttpPlan,
  ): void {
    const { responder, inFlight } = this.#options;
    const fetch: FetchForCache = (downstream, fetchPlan, record) =>
      this.#forward(passage, downstream, fetchPlan, new HandlerEnd(downstream), record);
    startCached(role, passage, exchange, plan, fetch, new CachedEnd(passage, responder, inFlight));
  }

  /** An extended route: the request that the extension made of it. The client's side is Fastify's; its end is told by `WrittenElsewhere`. */
  carryExtended(passage: Passage, downstream: HandlerDownstream, edit: FieldEdit): void {
    const { exchange } = passage;
    if (!exchange) return downstream.fail(new GatewayError('internal', 'an extension without an exchange'));
    // The client may have left while the extension was thinking, or been told that it thought too long.
    if (passage.over || passage.refusal)
      return downstream.fail(
        passage.refusal ?? new GatewayError('client_left', 'the client closed its connection'),
      );
    const plain = httpPlan(exchange, this.#carriage(passage));
    const plan = extendedPlan(plain, exchange, edit, downstream.body);
    this.#forward(passage, downstream, plan, new HandlerEnd(downstream));
  }

  /** @param record where it is not the exchange itself that is forwarded: what a cache fetches may outlive it. */
  #forward(
    passage: Passage,
    downstream: Downstream,
    plan: HttpPlan,
    end: ForwardEnd,
    record: ExchangeRecord = passage.record,
  ): void {
    const { lasting, inFlight } = this.#options;
    new HttpForward(downstream, plan, record, new Forwarding(passage, end, lasting, inFlight)).start();
  }

  #carriage(passage: Passage): Carriage {
    const { record, facts, snapshot, exchange } = passage;
    const { table } = snapshot;
    const signature = {
      pseudonym: this.#pseudonym,
      requestId: record.requestId,
      traceparent: this.#identity.traceparent(facts.traceparent),
    };
    return {
      upstream: passage.live.upstream,
      signature,
      memory: this.#options.memory,
      clock: this.clock,
      leadsBack: table.leadsBack,
      remembersPage: table.leadsBack && table.escapeWay(exchange!.match.route) !== 'off',
      serverTiming: snapshot.config.serverTiming ?? this.#options.mode === 'development',
    };
  }

  // Rescue: one error answer.

  #answerHere(passage: Passage): void {
    const { responder } = this.#options;
    if (passage.local) responder.local(passage, passage.local.status, passage.local.fields);
    else
      responder.error(
        passage,
        passage.refusal ?? new GatewayError('no_route', 'a tunnel to the gateway itself'),
      );
  }
}

/** The gateway's own page and extended routes need Fastify, and some routes say that they want no other lane. */
function staysOnWire({ exchange }: Passage): boolean {
  if (!exchange) return false;
  return laneOf(exchange.match.route).lane === 'wire';
}

const PROTOCOLS: Readonly<Record<string, 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2'>> = {
  '1.0': 'HTTP/1.0',
  '2': 'HTTP/2',
};
