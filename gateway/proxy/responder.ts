import type { Socket } from 'node:net';
import { advise } from '../answer/advice.ts';
import { type Advice, type ErrorAnswer, errorAnswer } from '../answer/error-answer.ts';
import { grpcAnswer, isGrpc } from '../answer/grpc-answer.ts';
import { writeRawAnswer } from '../answer/raw-answer.ts';
import type { GatewayError } from '../exchange/error-catalog.ts';
import { peerOf } from '../exchange/peer.ts';
import { type ExchangeRecord, newExchangeRecord, noteError } from '../exchange/record.ts';
import type { RequestFacts } from '../fields/request-facts.ts';
import type { EndpointConfig, RouteConfig } from '../model/config.ts';
import type { ServiceStatus } from '../model/status.ts';
import { type OwnOrigin, pageOf } from '../route/escape.ts';
import type { RouteRequest, RouteTable } from '../route/table.ts';
import { serviceBehind } from '../upstream/endpoint-status.ts';

export interface ResponderOptions {
  readonly mode: 'development' | 'production';
  readonly services: () => readonly ServiceStatus[];
  /** Of what never became an exchange. */
  readonly log: (record: ExchangeRecord) => void;
}

/** As much of an exchange as an error answer may depend on. */
export interface FailedExchange extends RouteRequest {
  readonly record: ExchangeRecord;
  readonly facts: Pick<RequestFacts, 'accept'>;
  readonly host: string;
  readonly snapshot: { readonly table: RouteTable };
  readonly isUpgrade: boolean;
  readonly ownOrigin: OwnOrigin;
  /** Those of the route that took it, if one did. */
  readonly endpoints: readonly EndpointConfig[];
}

/** Words the answers to what fails. */
export class Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  errorAnswer(exchange: FailedExchange, error: GatewayError): ErrorAnswer {
    const { requestId, protocol } = exchange.record;
    // gRPC has no other HTTP than this one.
    if (protocol === 'HTTP/2' && isGrpc(exchange.header('content-type'))) return grpcAnswer(error, requestId);
    const advice = this.#advice(exchange, error);
    return errorAnswer(error, { requestId, accept: exchange.facts.accept, advice });
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

  #advice(exchange: FailedExchange, error: GatewayError): Advice | null {
    if (this.#options.mode === 'production') return null;
    const endpoints = exchange.endpoints;
    const { table } = exchange.snapshot;
    const tried = endpoints.filter(({ address }) => address.key === exchange.record.endpoint);
    const wanted = error.code === 'no_route';
    return advise({
      error,
      method: exchange.method,
      endpoint: tried[0]?.address ?? null,
      service: serviceBehind(tried.length > 0 ? tried : endpoints, this.#options.services()),
      nearest: wanted ? table.nearest(exchange.target.canonical, exchange.host) : [],
      routes: wanted ? table.routes : null,
      page: wanted && table.showsPage(exchange.host),
      asker: wanted ? askerOf(exchange) : null,
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

const EMPTY = Buffer.alloc(0);
