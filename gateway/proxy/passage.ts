import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientExchange, ClientRequest } from '../exchange/client-exchange.ts';
import type { Traffic } from '../exchange/counters/traffic.ts';
import type { GatewayError } from '../exchange/error-catalog.ts';
import type { Peer } from '../exchange/peer.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { Arrival, LocalAnswer, RoutedExchange } from '../fields/exchange.ts';
import type { RequestFacts } from '../fields/request-facts.ts';
import type { HandlerDownstream } from '../forward/extend.ts';
import type { HttpDownstream } from '../listener/http-downstream.ts';
import { hostOf } from '../route/authority.ts';
import type { RouteRequest } from '../route/table.ts';
import type { RequestTarget } from '../route/target.ts';
import { type AnswerPlace, DownstreamPlace, SocketPlace } from './answer-place.ts';
import type { LiveRoute } from './live-route.ts';
import type { Snapshot } from './snapshot.ts';

/** One exchange on its way through the gateway: what each hop has found out, for the next ones. */
export class Passage implements Arrival, RouteRequest {
  /** The snapshot that was current when it arrived stays its own to the end. */
  readonly snapshot: Snapshot;
  readonly downstream: ClientRequest;
  readonly peer: Peer;
  readonly facts: RequestFacts;
  readonly record: ExchangeRecord;
  readonly version: string;
  readonly rawTarget: string;
  /** Set by the admission. */
  target: RequestTarget = NO_TARGET;
  authority = '';
  /** Set by the route table. */
  exchange: RoutedExchange | null = null;
  /** What it is answered with in place of a service's answer, once that is known. */
  refusal: GatewayError | null = null;
  local: LocalAnswer | null = null;
  /** The whole of the client's side; `null`: an upgrade. */
  client: ClientExchange | null = null;
  /** The same in the general lane, where Fastify may want to answer. */
  http: HttpDownstream | null = null;
  /** Of an upgrade, the bare connection. */
  socket: Duplex | null = null;
  /** On an extended route, what the extension's request became. */
  extended: HandlerDownstream | null = null;
  /** Where it is counted as under way. */
  traffic: Traffic | null = null;
  /** Whether the snapshot must still wait for it, and whether it is over. */
  holdsSnapshot = true;
  over = false;

  constructor(
    snapshot: Snapshot,
    downstream: ClientRequest,
    peer: Peer,
    facts: RequestFacts,
    record: ExchangeRecord,
  ) {
    this.snapshot = snapshot;
    this.downstream = downstream;
    this.peer = peer;
    this.facts = facts;
    this.record = record;
    this.version = downstream.version;
    this.rawTarget = downstream.rawTarget;
  }

  get method(): string {
    return this.downstream.method;
  }

  /** Where the gateway's own answers go. */
  get place(): AnswerPlace {
    return this.client ? new DownstreamPlace(this.client) : new SocketPlace(this.socket!);
  }

  /** The route that has taken it, as its snapshot keeps it; there must be one. */
  get live(): LiveRoute {
    return this.snapshot.routes[this.exchange!.match.index]!;
  }

  get host(): string {
    return hostOf(this.authority);
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
}

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

const PASSAGE = Symbol('passage');

interface Carried extends IncomingMessage {
  [PASSAGE]?: Passage;
}

/** A request that Fastify sees brings its passage back. */
export function keepPassage(request: IncomingMessage, passage: Passage): void {
  (request as Carried)[PASSAGE] = passage;
}

export function passageOf(request: IncomingMessage): Passage {
  return (request as Carried)[PASSAGE]!;
}
