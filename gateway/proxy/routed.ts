import type { BulkMemory } from '../exchange/bulk-memory.ts';
import { type Fields, RepeatedFields } from '../exchange/contract.ts';
import type { Clock } from '../exchange/timer-wheel.ts';
import { answerFields } from '../fields/answer-fields.ts';
import type { Origin } from '../fields/forwarded.ts';
import { isNavigation, type RequestFacts } from '../fields/request-facts.ts';
import {
  ownRequestFields,
  repeatedRequestFields,
  requestFields,
  type Signature,
} from '../fields/request-fields.ts';
import type { FolderPlan } from '../folder/folder-exchange.ts';
import type { HttpPlan } from '../forward/http-plan.ts';
import type { Mirror } from '../forward/mirror.ts';
import type { RetriesConfig, TimeoutsConfig } from '../model/config.ts';
import { pageCookie } from '../policy/escape/page-cookie.ts';
import type { RoutePolicies } from '../policy/route-policies.ts';
import { cookieScope, withoutCookie } from '../policy/sticky-cookie/sticky-cookie.ts';
import { pageCookieName } from '../route/escape.ts';
import { forwardTarget } from '../route/forward-target.ts';
import type { RouteMatch } from '../route/table.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Holds } from '../upstream/hold.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { HookEdits } from './hook-edits.ts';
import type { Snapshot } from './snapshot.ts';
import { type Admitted, type ExchangeContext, TakenExchange } from './taken-exchange.ts';

/**
 * An exchange on its way to the service, as the forwarding's plan. Its properties are computed when they are read, so that one object is
 * enough.
 */
export class Routed extends TakenExchange implements HttpPlan, FolderPlan {
  readonly kind = 'routed';
  readonly upstream: Upstream;
  readonly policies: RoutePolicies;
  readonly mirror: Mirror | null;
  readonly stickyCookie: HttpPlan['stickyCookie'];
  /** Changes by the hooks of an extended route. */
  hookEdits: HookEdits | null = null;
  /** @fastify/http-proxy has no place for trailers. */
  trailersPass = true;
  readonly #snapshot: Snapshot;
  readonly #context: ExchangeContext;
  #signed: Signature | null = null;

  /** @param facts with other `X-Forwarded-*` fields of a trusted peer */
  constructor(
    exchange: Admitted,
    match: RouteMatch,
    origin: Origin,
    facts: RequestFacts,
    context: ExchangeContext,
  ) {
    super(exchange, match, origin, facts, context.nameHosts);
    const { upstream, policies, mirror } = this.live;
    this.upstream = upstream;
    this.policies = policies;
    this.mirror = mirror;
    this.stickyCookie =
      upstream.config.sticky === null
        ? null
        : (endpoint) => upstream.stickyCookie(this, endpoint, cookieScope(this));
    this.#snapshot = exchange.snapshot;
    this.#context = context;
  }

  /** Made when something is sent. */
  get #hop(): Signature {
    const { pseudonym, identity } = this.#context;
    this.#signed ??= {
      pseudonym,
      requestId: this.record.requestId,
      traceparent: identity.traceparent(this.facts.traceparent),
    };
    return this.#signed;
  }

  get sentTarget(): string {
    return forwardTarget(this.match, this.target);
  }

  get publicPath(): string {
    const { raw, rawPathLength } = this.target;
    return this.origin.outerPrefix + raw.slice(0, rawPathLength);
  }

  get isNavigation(): boolean {
    return isNavigation(this.facts);
  }

  get expectsContinue(): boolean {
    return this.downstream.body?.expectsContinue === true;
  }

  get timeouts(): TimeoutsConfig {
    return this.match.route.timeouts;
  }

  get retries(): RetriesConfig {
    return this.match.route.retries;
  }

  get memory(): BulkMemory {
    return this.#context.memory;
  }

  get clock(): Clock {
    return this.#context.clock;
  }

  get holds(): Holds {
    return this.#context.holds;
  }

  holdMs(): number {
    const { holdMs, upstream } = this.match.route;
    const ms = holdMs ?? (this.holds.awaits(upstream.endpoints) ? DEV_HOLD_MS : 0);
    // A browser's page of the error tries again by itself, and shows the service's output meanwhile.
    if (this.facts.fetchMode === 'navigate') return Math.min(ms, NAVIGATION_HOLD_MS);
    // RFC 7240 §4.3: a client that would rather have the error than wait.
    const [, seconds] =
      ms === 0 ? [] : (/(?:^|[,;\s])wait=(\d{1,6})\b/i.exec(this.header('prefer') ?? '') ?? []);
    return seconds === undefined ? ms : Math.min(ms, Number(seconds) * 1_000);
  }

  get serverTiming(): boolean {
    return this.#snapshot.config.serverTiming ?? this.#context.mode === 'development';
  }

  get decidedFields(): ReadonlySet<string> {
    return this.policies.decidedFields;
  }

  requestFields(endpoint: Endpoint): Fields {
    const fields = requestFields(this, endpoint, this.record.trace === null ? this.#hop : this.#tracedHop);
    if (this.body !== null) this.#pushHopFields(fields);
    return this.policies.toService(this.#withoutOwnCookies(fields), this);
  }

  repeatedFields(endpoint: Endpoint): RepeatedFields | null {
    // The gateway's own cookies are removed for each request.
    if (this.facts.memo === null || this.hookEdits !== null) return null;
    // Fields of the hop depend on how its body goes (`#pushHopFields`).
    if (this.body !== null && this.body.length === null) return null;
    if (this.upstream.config.sticky !== null || this.#snapshot.table.leadsBack) return null;
    return repeatedRequestFields(this, endpoint, this.#context.pseudonym, this.policies);
  }

  get ownRequestFields(): Fields {
    return ownRequestFields(this.record.trace === null ? this.#hop : this.#tracedHop);
  }

  /** Another span for each attempt. */
  get #tracedHop(): Signature {
    const { trace, detail } = this.record;
    return { ...this.#hop, traceparent: trace!.traceparent(detail) };
  }

  /** Of our own hop to the service (RFC 9110 §6.6.2, §10.1.1). */
  #pushHopFields(fields: string[]): void {
    const { trailer } = this.facts;
    if (trailer !== null && this.body?.length === null) fields.push('Trailer', trailer);
    if (this.expectsContinue) fields.push('Expect', '100-continue');
  }

  /** The gateway's own cookies are none of the service's business. */
  #withoutOwnCookies(fields: Fields): Fields {
    const { sticky } = this.upstream.config;
    const kept = sticky === null ? fields : withoutCookie(fields, sticky.cookie);
    return this.#snapshot.table.leadsBack ? withoutCookie(kept, pageCookieName(this.origin.port)) : kept;
  }

  answerFields(endpoint: Endpoint, fields: Fields, lengthOpen: boolean): Fields {
    // In production applications are not recognised, which would cost time.
    if (this.#context.mode === 'development') this.#context.applications.see(this.route.id, fields);
    return this.#ofClient(answerFields(this, endpoint, fields, lengthOpen && this.#takesTrailers));
  }

  repeatedAnswer(endpoint: Endpoint, forAll: RepeatedFields): RepeatedFields | null {
    const repeats =
      this.stickyCookie === null &&
      this.hookEdits === null &&
      !endpoint.isFallback &&
      !this.serverTiming &&
      !this.#remembersPage &&
      // In development, answers say which application it is.
      this.#context.mode === 'production';
    if (!repeats) return null;
    const overTls = this.#overTls;
    return this.policies.passAnswers && overTls === null ? forAll : this.#changedAnswer(forAll, overTls);
  }

  #changedAnswer(forAll: RepeatedFields, overTls: Snapshot['overTls']): RepeatedFields | null {
    const { policies } = this;
    const by = policies.mark;
    const variant = policies.variantOf(this);
    const secure = overTls !== null;
    // A text out of a request that does not come again would keep all of its head.
    if (variant !== '' && this.facts.memo === null) return null;
    const { changed } = forAll;
    if (changed?.by === by && changed.variant === variant && changed.secure === secure)
      return changed.repeated;
    const fields = policies.toClient(forAll.fields, this);
    const repeated = new RepeatedFields(overTls === null ? fields : overTls(fields));
    forAll.changed = { by, variant, secure, repeated };
    return repeated;
  }

  get ownAnswerFields(): Fields {
    return [...this.added, 'X-Request-Id', this.record.requestId];
  }

  folderFields(fields: Fields): Fields {
    return this.#ofClient([...fields, 'X-Request-Id', this.record.requestId]);
  }

  #ofClient(kept: Fields): Fields {
    const cookie = this.#remembersPage ? pageCookie(this, kept) : null;
    const outgoing = this.outgoing(kept);
    const own = cookie === null ? outgoing : [...outgoing, 'Set-Cookie', cookie];
    return this.hookEdits === null ? own : this.hookEdits.answer(own);
  }

  /** The fields of a final answer of the service, or of the cache, as policies, and TLS, have them. */
  outgoing(fields: Fields): Fields {
    return this.#secured(this.policies.toClient(fields, this));
  }

  /** Whether `outgoing` leaves every answer as it is. */
  get passesAnswers(): boolean {
    return this.policies.passAnswers && this.added.length === 0 && this.#overTls === null;
  }

  /** The same for the gateway's own answers. */
  ownFields(fields: Fields): Fields {
    return this.#secured(this.policies.ownAnswer(fields, this));
  }

  #secured(own: Fields): Fields {
    const all = this.added.length === 0 ? own : [...own, ...this.added];
    return (this.peer.secure && this.#snapshot.overTls?.(all)) || all;
  }

  get #overTls(): Snapshot['overTls'] {
    return this.peer.secure ? this.#snapshot.overTls : null;
  }

  /** Of a 101. */
  handshakeFields(endpoint: Endpoint, fields: Fields): Fields {
    const service = this.outgoing(answerFields(this, endpoint, fields, false));
    const outgoing = this.hookEdits?.handshake(service) ?? service;
    if (this.record.detail !== null) this.record.detail.answerFields = outgoing;
    return outgoing;
  }

  informationalFields(endpoint: Endpoint, fields: Fields): Fields {
    return answerFields(this, endpoint, fields, false);
  }

  /** Trailers need chunks, which HTTP/1.0 and an answer without a body have not. */
  get #takesTrailers(): boolean {
    return this.version === '1.1' && this.downstream.method !== 'HEAD' && this.trailersPass;
  }

  /** Whether documents of the route are remembered (route/escape.ts). */
  get #remembersPage(): boolean {
    const { table } = this.#snapshot;
    return table.leadsBack && table.escapeWay(this.route) !== 'off';
  }
}

const DEV_HOLD_MS = 10_000;
const NAVIGATION_HOLD_MS = 1_000;
