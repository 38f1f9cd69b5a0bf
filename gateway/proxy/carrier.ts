import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Challenges } from '../acme/challenges.ts';
import type { Caches } from '../cache/caches.ts';
import type { Fetched } from '../cache/fetched.ts';
import type { BulkMemory } from '../exchange/bulk-memory.ts';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import type { Downstream } from '../exchange/contract.ts';
import { ExchangeDetail } from '../exchange/detail.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { IdentitySource } from '../exchange/identity.ts';
import type { Inspection } from '../exchange/inspection.ts';
import { PacedDownstream } from '../exchange/paced.ts';
import { peerOf } from '../exchange/peer.ts';
import { newExchangeRecord } from '../exchange/record.ts';
import { rescue } from '../exchange/rescue.ts';
import { Clock } from '../exchange/timer-wheel.ts';
import type { Tracing } from '../exchange/trace.ts';
import { factsOf, partsOf, type RequestFacts, readFacts, withoutKept } from '../fields/request-facts.ts';
import { FolderExchange } from '../folder/folder-exchange.ts';
import { OpenFiles } from '../folder/open-files.ts';
import type { FieldEdit, HandlerDownstream } from '../forward/extend.ts';
import { type ForwardOwner, HttpForward } from '../forward/http.ts';
import type { HttpPlan } from '../forward/http-plan.ts';
import { Handshake } from '../listener/handshake.ts';
import type { HttpListenerHandler } from '../listener/http.ts';
import type { HttpDownstream } from '../listener/http-downstream.ts';
import type { Overload } from '../overload/overload.ts';
import type { Applications } from '../policy/escape/frameworks.ts';
import type { Verdict } from '../policy/policy.ts';
import { redirectLocation } from '../route/forward-target.ts';
import type { Holds } from '../upstream/hold.ts';
import { cacheRole, type FetchForCache, startCached } from './cached.ts';
import { type Decision, decide } from './decide.ts';
import { Exchange, type ExchangeEnds, UpgradeRequest } from './exchange.ts';
import { Extensions } from './extensions.ts';
import { BehindHooks, FastifyExchange } from './fastify-exchange.ts';
import { HandlerOwner } from './handler-owner.ts';
import type { HookEdits } from './hook-edits.ts';
import { inspected } from './inspected.ts';
import { NamedAnswer, NameHosts } from './name-hosts.ts';
import { editRequest, extendedPlan } from './plans.ts';
import { type Onward, PolicyWait } from './policy-wait.ts';
import type { Routed } from './routed.ts';
import type { Snapshots } from './snapshots.ts';
import type { ExchangeContext } from './taken-exchange.ts';
import { Tunnels } from './tunnels.ts';

export interface CarrierOptions extends ExchangeEnds {
  readonly log: Logger;
  readonly mode: 'development' | 'production';
  readonly snapshots: Snapshots;
  readonly memory: BulkMemory;
  readonly caches: Caches;
  readonly overload: Overload;
  readonly holds: Holds;
  readonly applications: Applications;
  readonly inspection: Inspection;
  readonly tracing: Tracing;
  readonly challenges: Challenges;
  /** Answers at the dashboard's name; `null`: there is no admin listener. */
  readonly dashboard: () => ((request: IncomingMessage, response: ServerResponse) => void) | null;
}

interface Decided {
  readonly exchange: Exchange;
  readonly decision: Decision;
}

/**
 * The path of a request, top to bottom: listener → route table → policies → cache → balancer → forward. Every failure on the way goes to
 * the rescue and becomes one error answer. Every exchange ends in `Exchange.leave`, which writes its line.
 */
export class Carrier implements HttpListenerHandler {
  readonly #options: CarrierOptions;
  readonly #context: ExchangeContext;
  /** The request that the wire lane has just handed over. */
  #handedOver: Decided | null = null;
  readonly #files = new OpenFiles();
  readonly #tunnels: Tunnels;
  readonly clock = new Clock();
  readonly extensions: Extensions;
  /**
   * Read by nothing: it keeps the shapes of an exchange's objects alive. A collection that finds no object of a shape drops the optimized code that
   * relies on it, which is all code of the path (docs/decisions/0191).
   */
  newest: HttpForward | null = null;

  constructor(options: CarrierOptions) {
    const { mode, memory, holds, applications, challenges } = options;
    this.#options = options;
    this.extensions = new Extensions(
      (exchange, downstream, edit) => this.#forwardExtended(exchange, downstream, edit),
      (exchange, edits) => this.#hooksPassed(exchange, edits),
      options.log,
    );
    const pseudonym = `portway-${randomBytes(4).toString('hex')}`;
    this.#context = {
      mode,
      pseudonym,
      identity: new IdentitySource(),
      memory,
      clock: this.clock,
      holds,
      applications,
      challenges,
      nameHosts: new NameHosts(),
    };
    this.#tunnels = new Tunnels(options, this.#context.nameHosts);
  }

  // Listener: something arrived.

  /** A request of the wire lane. One that it can't carry is handed over to the general lane, within the same turn. */
  carries(client: ClientExchange): boolean {
    if (this.#refuses(client)) return true;
    const decided = this.#decide(client, client.refusal ?? null);
    const { exchange, decision } = decided;
    if (!staysOnWire(decision)) {
      this.#handedOver = decided;
      return false;
    }
    exchange.enter(decision, 'wire');
    this.#proceed(exchange, decision, this.#carry);
    return true;
  }

  request(
    request: IncomingMessage,
    response: ServerResponse,
    client: HttpDownstream,
    refusal: GatewayError | null,
  ): void {
    const decided = this.#takeHandedOver(client);
    if (!decided && !refusal && this.#refuses(client)) return;
    const { exchange, decision } = decided ?? this.#decide(client, refusal);
    if (decision.kind === 'dashboard') {
      // Not an exchange: a dashboard that polls every second would fill the log and the counters.
      const dashboard = this.#options.dashboard();
      if (dashboard !== null) return dashboard(request, response);
    }
    exchange.enter(decision, 'general');
    const toFastify = (routed: Routed | null) => {
      this.extensions.begin(request, new FastifyExchange(exchange, client, routed, this.clock));
      exchange.snapshot.dispatch(request, response);
    };
    if (decision.kind === 'page') return toFastify(null);
    const extended = decision.kind === 'routed' && decision.live.extended;
    this.#proceed(exchange, decision, extended ? (_, routed) => toFastify(routed) : this.#carry);
  }

  #decide(client: ClientExchange, refusal: GatewayError | null): Decided {
    const exchange = this.#arrive(client);
    return { exchange, decision: refusal ? refused(refusal) : decide(exchange, this.#context) };
  }

  /** The decision of a request that was handed over: both lanes read the same head, so it is not decided twice. */
  #takeHandedOver(client: HttpDownstream): Decided | null {
    const decided = this.#handedOver;
    this.#handedOver = null;
    if (decided?.exchange.downstream.socket !== client.socket) return null;
    decided.exchange.moveTo(client);
    if (decided.decision.kind === 'routed') decided.decision.moveTo(client);
    return decided;
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const arrived = {
      method: request.method!,
      rawTarget: request.url!,
      version: request.httpVersion,
      fields: request.rawHeaders,
      peer: peerOf(socket),
    };
    const exchange = this.#arrive(new UpgradeRequest(arrived, socket, head));
    const decision = this.#options.overload.refuses()
      ? refused(new GatewayError('overloaded', 'no new tunnels for now'))
      : decide(exchange, this.#context);
    exchange.enter(decision, 'general');
    const extended = decision.kind === 'routed' && decision.live.extended;
    const throughHooks: Onward = (_, routed) => this.#throughHooks(request, exchange, routed);
    this.#proceed(exchange, decision, extended ? throughHooks : this.#openTunnel);
  }

  /** The handshake passes the hooks of its route as a request does, and becomes an upgrade again behind them. */
  #throughHooks(request: IncomingMessage, exchange: Exchange, routed: Routed): void {
    const { socket, early } = exchange.downstream as UpgradeRequest;
    const handshake = new Handshake(request, socket, early);
    const { downstream, response } = handshake;
    exchange.moveTo(downstream);
    this.extensions.begin(request, new FastifyExchange(exchange, downstream, routed, this.clock, handshake));
    exchange.snapshot.dispatch(request, response);
  }

  /** A refused request is no exchange and has no log line: that work would be taken from the exchanges that are carried. */
  #refuses(client: ClientExchange): boolean {
    const { overload } = this.#options;
    if (!overload.acts || !overload.refuses()) return false;
    overload.refuse(client);
    return true;
  }

  refused(error: GatewayError, socket: Socket, toHead = false): void {
    this.#options.responder.refuse(error, socket, this.#context.identity.requestId(null, false), toHead);
  }

  #arrive(client: ClientExchange | UpgradeRequest): Exchange {
    const snapshot = this.#options.snapshots.current;
    const { address, http2 } = client.peer;
    const { inspection, tracing, mode } = this.#options;
    let facts: RequestFacts = client.block && !tracing.on ? factsOf(client.block) : readFacts(client.fields);
    const believed = facts.requestId !== null && snapshot.trust.includes(address);
    const id = this.#context.identity.requestId(facts.requestId, believed);
    const protocol = http2 ? 'HTTP/2' : client.version === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1';
    const record = newExchangeRecord(id, client.method, client.rawTarget, protocol, address);
    if (record.startedAt < inspection.until) record.detail = inspection.begin(client);
    if (tracing.on) {
      const believedTrace = mode === 'development' || snapshot.trust.includes(address);
      record.trace = tracing.begin(facts.traceparent, believedTrace);
      if (record.trace !== null) {
        record.detail ??= new ExchangeDetail(client);
        // A client's `Tracestate` belongs to another trace than the one that begins here (W3C Trace Context §3.3.1).
        if (record.trace.parentId === null) facts = withoutKept(facts, 'tracestate');
      }
    }
    return new Exchange(snapshot, client, facts, record, this.#options);
  }

  // Policies: whether a routed exchange may pass.

  #proceed(exchange: Exchange, decision: Decision, onward: Onward): void {
    if (decision.kind !== 'routed') return this.#answerHere(exchange, decision);
    const verdict = this.#verdict(exchange, decision);
    if (verdict === undefined) return;
    const next = decision.route.redirect === null ? onward : this.#redirect;
    if (verdict === null) next(exchange, decision);
    else if (verdict instanceof Promise) new PolicyWait(exchange, decision, this.clock, next).begin(verdict);
    else exchange.answerInstead(decision, verdict);
  }

  /** @returns `undefined`: it was refused. */
  #verdict(exchange: Exchange, routed: Routed): Verdict | Promise<Verdict> | undefined {
    const { policies } = routed;
    if ((policies.about & partsOf(routed)) === 0) return null;
    try {
      return policies.request(routed, this.#context);
    } catch (cause) {
      exchange.refuse(routed, rescue(cause, 'head'));
      return undefined;
    }
  }

  /** Answers with the location of a redirect, also to a WebSocket's handshake. */
  readonly #redirect = (exchange: Exchange, routed: Routed): void => {
    const { match, target, origin } = routed;
    const redirect = match.route.redirect!;
    const location = redirectLocation(redirect, match, target, origin);
    exchange.answerInstead(routed, { status: redirect.status, fields: ['Location', location] });
  };

  // Cache, balancer and forward: to the service and back.

  readonly #carry = (exchange: Exchange, routed: Routed): void => {
    const { caches, inspection } = this.#options;
    // An upgrade goes another way.
    const arrived = exchange.downstream as ClientExchange;
    const { detail } = exchange.record;
    const seen = detail === null ? arrived : inspected(arrived, routed, detail, inspection);
    const limited = routed.pace === null ? seen : paced(seen, routed);
    const client = this.#watched(routed, limited);
    const role = caches.isEmpty ? null : cacheRole(caches, client, routed);
    if (role === null || role.kind === 'passed') {
      return this.#forward(routed, role?.downstream ?? client, routed, exchange);
    }
    startCached(role, client, routed, this.#fetchForCache, exchange);
  };

  readonly #fetchForCache: FetchForCache = (exchange, routed, downstream, plan, record) => {
    const owner = this.#handlerOwner(exchange, routed, downstream);
    this.newest = new HttpForward(downstream, plan, record, owner);
    this.newest.start();
  };

  /** The client's side of the answer, with the filters that watch it. */
  #watched(routed: Routed, client: Downstream): Downstream {
    const { policies } = routed;
    return this.#named(routed, policies.watchAnswers ? policies.client(client, routed) : client);
  }

  /** At its name in development, a service may refuse that. */
  #named(routed: Routed, client: Downstream): Downstream {
    const { named, route } = routed.match;
    if (!named || route.hostHeader !== 'auto') return client;
    return new NamedAnswer(client, routed, this.#context.nameHosts);
  }

  /** To the service and back, or to the folder that stands in its place. */
  #forward(routed: Routed, downstream: Downstream, plan: HttpPlan, owner: ForwardOwner): void {
    const { live, record } = routed;
    const { folder } = live;
    if (folder !== null)
      return new FolderExchange({ folder, files: this.#files }, downstream, routed, record, owner).start();
    this.newest = new HttpForward(downstream, plan, record, owner);
    this.newest.start();
  }

  /** Forwards an exchange that its extension has let pass. Fastify writes the answer, and `FastifyExchange` hears of its end. */
  #forwardExtended(
    { exchange }: FastifyExchange,
    downstream: HandlerDownstream,
    edit: FieldEdit | null,
  ): void {
    const { state } = exchange;
    // Meanwhile the client may have left, or the extension's time may be over.
    if (state.kind === 'refused') return downstream.fail(state.error);
    if (state.kind !== 'routed')
      return downstream.fail(new GatewayError('client_left', 'the client closed its connection'));
    state.trailersPass = false;
    const plan = extendedPlan(state, edit, downstream.body);
    this.#forward(
      state,
      this.#named(state, paced(downstream, state)),
      plan,
      this.#handlerOwner(exchange, state, downstream),
    );
  }

  #handlerOwner(exchange: Exchange, routed: Routed, downstream: HandlerDownstream | Fetched): HandlerOwner {
    return new HandlerOwner(exchange, routed, downstream, this.#options.longLived);
  }

  /** No hook of its route sees more of it: it goes on as on a plain route. */
  #hooksPassed(fastify: FastifyExchange, edits: HookEdits): void {
    const { exchange, routed, handshake } = fastify;
    if (!routed || !fastify.hooksPassed()) return;
    editRequest(routed, edits.request);
    routed.hookEdits = edits;
    const owner = new BehindHooks(fastify);
    if (handshake === null) {
      const { downstream: arrived } = fastify;
      const { inspection } = this.#options;
      const { detail } = exchange.record;
      const limited = paced(
        detail === null ? arrived : inspected(arrived, routed, detail, inspection),
        routed,
      );
      return this.#forward(routed, this.#watched(routed, limited), routed, owner);
    }
    const { downstream } = handshake;
    exchange.moveTo(new UpgradeRequest(downstream, downstream.socket, handshake.release()));
    this.#tunnels.open(exchange, routed, owner, () => handshake.answered(exchange.record.status));
  }

  readonly #openTunnel: Onward = (exchange, routed) => this.#tunnels.open(exchange, routed, exchange);

  /** Rescue: one error answer; or one that is no error. */
  #answerHere(exchange: Exchange, decision: Exclude<Decision, Routed>): void {
    if (decision.kind === 'answered') return exchange.answerLocally(decision.answer);
    if (decision.kind === 'refused') return exchange.failed(decision.error);
    exchange.failed(new GatewayError('no_route', 'a tunnel to the gateway itself'));
  }
}

function paced(client: Downstream, { pace }: Routed): Downstream {
  return pace === null ? client : new PacedDownstream(client, pace);
}

function refused(error: GatewayError): Decision {
  return { kind: 'refused', error, routed: null };
}

/** The gateway's own page and extended routes need Fastify, and some routes say that they want no other lane. */
function staysOnWire(decision: Decision): boolean {
  if (decision.kind === 'routed') return decision.live.lane === 'wire';
  return decision.kind !== 'page' && decision.kind !== 'dashboard';
}
