import type { Challenges } from '../acme/challenges.ts';
import type { BulkMemory } from '../exchange/bulk-memory.ts';
import type { Fields, RequestBody } from '../exchange/contract.ts';
import type { IdentitySource } from '../exchange/identity.ts';
import { type Pace, PacedBody } from '../exchange/paced.ts';
import type { Peer } from '../exchange/peer.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { Clock } from '../exchange/timer-wheel.ts';
import type { Arrival, RequestView, RoutedExchange } from '../fields/exchange.ts';
import type { Origin } from '../fields/forwarded.ts';
import { type OwnFacts, ownFacts, type RequestFacts } from '../fields/request-facts.ts';
import type { RouteConfig } from '../model/config.ts';
import { limitBody } from '../policy/body-limit/body-limit.ts';
import type { Applications } from '../policy/escape/frameworks.ts';
import type { RouteMatch } from '../route/table.ts';
import type { RequestTarget } from '../route/target.ts';
import type { Choice } from '../upstream/choice.ts';
import type { Holds } from '../upstream/hold.ts';
import type { LiveRoute } from './live-route.ts';
import type { NameHosts } from './name-hosts.ts';
import type { Snapshot } from './snapshot.ts';

/** Shared by all exchanges of the process. */
export interface ExchangeContext {
  readonly mode: 'development' | 'production';
  /**
   * The name under which this gateway stands in `Via` (RFC 9110 §7.6.3). Each process has one of its own, so that one Portway behind
   * another is no loop, and a request that really comes back is.
   */
  readonly pseudonym: string;
  readonly identity: IdentitySource;
  readonly memory: BulkMemory;
  readonly clock: Clock;
  readonly holds: Holds;
  readonly applications: Applications;
  /** Of authorities that give us certificates. */
  readonly challenges: Challenges;
  readonly nameHosts: NameHosts;
}

/** An exchange that the admission has let in. */
export interface Admitted extends Arrival {
  readonly snapshot: Snapshot;
  readonly target: RequestTarget;
  readonly authority: string;
  readonly record: ExchangeRecord;
}

/**
 * An exchange that a route has taken, as policies, header rules and balancers see it. On its way to the service the same object is a
 * `Routed` (routed.ts).
 */
export class TakenExchange implements RoutedExchange, Choice {
  readonly peer: Peer;
  readonly version: string;
  readonly rawTarget: string;
  /** Changes by `ownKept` alone. */
  facts: RequestFacts;
  readonly target: RequestTarget;
  readonly authority: string;
  readonly origin: Origin;
  readonly record: ExchangeRecord;
  readonly match: RouteMatch;
  readonly live: LiveRoute;
  readonly ownHost: boolean;
  /** Both change by `moveTo` alone. */
  downstream: RequestView;
  body: RequestBody | null;
  personal = false;
  /** `null`: as fast as both sides can. */
  pace: Pace | null = null;
  /** Fields that policies add to the final answer. */
  protected added: Fields = NONE;
  #ownFacts: OwnFacts | null = null;
  #releases: readonly (() => void)[] | null = null;
  #isOver = false;
  #abort: AbortController | null = null;

  /** @param facts with other `X-Forwarded-*` fields of a trusted peer */
  constructor(
    exchange: Admitted,
    match: RouteMatch,
    origin: Origin,
    facts: RequestFacts,
    nameHosts: NameHosts,
  ) {
    const { snapshot, record, downstream } = exchange;
    const live = snapshot.routes[match.index]!;
    this.downstream = downstream;
    this.peer = exchange.peer;
    this.version = exchange.version;
    this.rawTarget = exchange.rawTarget;
    this.facts = facts;
    this.target = exchange.target;
    this.authority = exchange.authority;
    this.origin = origin;
    this.record = record;
    this.match = match;
    this.live = live;
    this.ownHost = match.named && nameHosts.rewrites(match, exchange.rawTarget);
    this.body = downstream.body && limitBody(downstream.body, match.route.bodyMaxBytes);
  }

  /** Another lane carries it, which has read the same head. */
  moveTo(client: RequestView): void {
    this.downstream = client;
    this.body = client.body && limitBody(client.body, this.route.bodyMaxBytes);
  }

  get route(): RouteConfig {
    return this.match.route;
  }

  get user(): string | null {
    return this.record.user;
  }

  set user(user: string) {
    this.record.user = user;
  }

  ownKept(): string[] {
    if (this.#ownFacts === null) this.facts = this.#ownFacts = ownFacts(this.facts);
    return this.#ownFacts.kept;
  }

  keepPace(pace: Pace): void {
    this.pace = pace;
    if (this.body === null) return;
    const body = new PacedBody(this.body, pace);
    this.body = body;
    this.whenOver(() => body.letGo());
  }

  addToAnswer(fields: Fields): void {
    this.added = this.added.length === 0 ? fields : [...this.added, ...fields];
  }

  /** A policy that had to wait may still ask for it when the client has left. */
  whenOver(release: () => void): void {
    if (this.#isOver) return release();
    this.#releases = [...(this.#releases ?? []), release];
  }

  /** The exchange is over. */
  over(): void {
    this.#isOver = true;
    if (this.#releases === null) return;
    for (const release of this.#releases) release();
    this.#releases = null;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  /** A policy's verdict is of no use any more. */
  abandon(): void {
    this.#abort ??= new AbortController();
    this.#abort.abort();
  }

  // Inputs for choosing an endpoint, read only by balancers that need them.

  get choice(): Choice {
    return this;
  }

  get client(): string {
    return this.origin.client;
  }

  header(lowerName: string): string | undefined {
    if (lowerName === 'host') return this.authority;
    const fields = this.facts.kept;
    let found: string | undefined;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      if (name.length !== lowerName.length || name.toLowerCase() !== lowerName) continue;
      found = found === undefined ? fields[i + 1]! : `${found}, ${fields[i + 1]}`;
    }
    return found;
  }
}

const NONE: Fields = [];
