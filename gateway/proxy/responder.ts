import type { Socket } from 'node:net';
import { advise, type PortTruth } from '../answer/advice.ts';
import { type Advice, type ErrorAnswer, errorAnswer } from '../answer/error-answer.ts';
import { grpcAnswer, isGrpc } from '../answer/grpc-answer.ts';
import { writeRawAnswer } from '../answer/raw-answer.ts';
import type { ErrorCode, GatewayError } from '../exchange/error-catalog.ts';
import { peerOf } from '../exchange/peer.ts';
import { type ExchangeRecord, newExchangeRecord, noteError } from '../exchange/record.ts';
import type { RequestFacts } from '../fields/request-facts.ts';
import type { EndpointAddress, EndpointConfig, RouteConfig } from '../model/config.ts';
import type { ServiceStatus } from '../model/status.ts';
import type { Applications } from '../policy/escape/frameworks.ts';
import type { RoutePolicies } from '../policy/route-policies.ts';
import { type OwnOrigin, pageOf } from '../route/escape.ts';
import type { RouteRequest, RouteTable } from '../route/table.ts';
import { serviceBehind } from '../upstream/endpoint-status.ts';

export interface ResponderOptions {
  readonly mode: 'development' | 'production';
  readonly services: () => readonly ServiceStatus[];
  /** Examines a port within a second; development only. */
  readonly examine: ExaminePort | null;
  readonly applications: Applications;
  /** For messages that never became an exchange. */
  readonly log: (record: ExchangeRecord) => void;
}

/** @param refused nothing took the connection. */
export type ExaminePort = (address: EndpointAddress, refused: boolean) => Promise<PortTruth | null>;

/** As much of an exchange as an error answer may depend on. */
export interface FailedExchange extends RouteRequest {
  readonly record: ExchangeRecord;
  readonly facts: Pick<RequestFacts, 'accept'>;
  readonly host: string;
  readonly snapshot: { readonly table: RouteTable };
  /** The policies of its route, or those of unrouted requests. */
  readonly policies: Pick<RoutePolicies, 'errorPage'>;
  readonly isUpgrade: boolean;
  readonly ownOrigin: OwnOrigin;
  /** Those of the route that took it, if one did. */
  readonly endpoints: readonly EndpointConfig[];
}

/** Words the answers to errors. */
export class Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** A promise only where the port behind the route is looked at first. */
  errorAnswer(exchange: FailedExchange, error: GatewayError): ErrorAnswer | Promise<ErrorAnswer> {
    const { requestId, endpoint, protocol } = exchange.record;
    // gRPC has no other HTTP than this one.
    if (protocol === 'HTTP/2' && isGrpc(exchange.header('content-type'))) return grpcAnswer(error, requestId);
    const word = (truth: PortTruth | null): ErrorAnswer => {
      if (truth?.happened.length) exchange.record.cause = `${error.message}: ${truth.happened.join(' ')}`;
      const advice = this.#advice(exchange, error, truth);
      // The page about a process that we run shows its progress.
      const isLive = Boolean(advice?.heading);
      const pageOf = (status: number) => (isLive ? null : exchange.policies.errorPage(status, requestId));
      return errorAnswer(error, { requestId, accept: exchange.facts.accept, advice, pageOf });
    };
    const { examine } = this.#options;
    const tried = exchange.endpoints.find(({ address }) => address.key === endpoint);
    if (examine === null || tried === undefined || !OF_THE_PORT.has(error.code)) return word(null);
    // Of a process of ours more is known.
    const service = serviceBehind([tried], this.#options.services());
    if (service !== null && service.state !== 'ready') return word(null);
    return examine(tried.address, error.code === 'connection_refused').then(word, () => word(null));
  }

  /** For bytes that never became an exchange. */
  refuse(error: GatewayError, socket: Socket, requestId: string, toHead: boolean): void {
    const record = newExchangeRecord(requestId, '-', '-', 'HTTP/1.1', peerOf(socket).address);
    noteError(record, error);
    record.status = error.row.status;
    const whole = errorAnswer(error, { requestId, accept: '', advice: null });
    const answer = toHead ? { ...whole, body: EMPTY } : whole;
    writeRawAnswer(socket, answer);
    record.headAt = record.endedAt = performance.now();
    record.bytesOut = answer.body.length;
    this.#options.log(record);
  }

  #advice(exchange: FailedExchange, error: GatewayError, truth: PortTruth | null): Advice | null {
    if (this.#options.mode === 'production') return null;
    const endpoints = exchange.endpoints;
    const { table } = exchange.snapshot;
    const tried = endpoints.filter(({ address }) => address.key === exchange.record.endpoint);
    const wanted = error.code === 'no_route';
    const asker = wanted ? askerOf(exchange) : null;
    return advise({
      error,
      method: exchange.method,
      endpoint: tried[0]?.address ?? null,
      service: serviceBehind(tried.length > 0 ? tried : endpoints, this.#options.services()),
      truth,
      nearest: wanted ? table.nearest(exchange.target.canonical, exchange.host) : [],
      routes: wanted ? table.routes : null,
      page: table.showsPage(exchange.host),
      asker,
      askerFramework: asker && this.#options.applications.of(asker.id),
      target: exchange.target.canonical,
      now: Date.now(),
    });
  }
}

/** The route whose page asked for a path that no route takes. */
function askerOf(exchange: FailedExchange): RouteConfig | null {
  const page = pageOf(exchange.snapshot.table, exchange, exchange.ownOrigin, exchange.isUpgrade);
  return page?.by === 'referer' ? page.route : null;
}

/** Errors that a wrong port may cause. */
const OF_THE_PORT: ReadonlySet<ErrorCode> = new Set([
  'connection_refused',
  'connection_terminated',
  'bad_answer',
  'response_timeout',
  'tls_error',
]);

const EMPTY = Buffer.alloc(0);
