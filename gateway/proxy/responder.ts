import type { Socket } from 'node:net';
import { advise } from '../answer/advice.ts';
import { type Advice, type AnswerContext, errorAnswer } from '../answer/error-answer.ts';
import { writeRawAnswer } from '../answer/raw-answer.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { peerOf } from '../exchange/peer.ts';
import { type ExchangeRecord, newExchangeRecord } from '../exchange/record.ts';
import type { RouteConfig } from '../model/config.ts';
import type { ServiceStatus } from '../model/status.ts';
import { pageOf } from '../route/escape.ts';
import { serviceBehind } from '../upstream/endpoint-status.ts';
import { ownOrigin } from './decide.ts';
import type { InFlight } from './in-flight.ts';
import type { Passage } from './passage.ts';

export interface ResponderOptions {
  readonly mode: 'development' | 'production';
  readonly services: () => readonly ServiceStatus[];
  /** Of what never became an exchange. */
  readonly log: (record: ExchangeRecord) => void;
  readonly inFlight: InFlight;
}

/** Gives the answers that no service gives. */
export class Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  error(passage: Passage, error: GatewayError): void {
    noteError(passage.record, error);
    const { accept } = passage.facts;
    const { requestId } = passage.record;
    const context: AnswerContext = { requestId, accept, advice: this.#advice(passage, error) };
    const { status, fields, body } = errorAnswer(error, context);
    if (ENDS_CONNECTION.has(error.code)) passage.client?.closeAfterAnswer();
    this.#answer(passage, status, fields, body);
  }

  /** An answer that is no error: a redirect, `OPTIONS *`. */
  local(passage: Passage, status: number, fields: readonly string[]): void {
    passage.record.status = status;
    const length = status === 204 ? [] : ['Content-Length', '0'];
    this.#answer(passage, status, [...fields, ...length, 'X-Request-Id', passage.record.requestId], EMPTY);
  }

  /** The refusal of a route's extension. */
  refusal(
    passage: Passage,
    status: number,
    { fields, body }: { fields: readonly string[]; body: Buffer },
  ): void {
    passage.record.status = status;
    this.#answer(passage, status, fields, body);
  }

  #answer(passage: Passage, status: number, fields: readonly string[], body: Buffer): void {
    const { record } = passage;
    record.headAt = performance.now();
    record.bytesOut = record.method === 'HEAD' ? 0 : body.length;
    passage.place.answer(status, fields, body, (completed) => {
      if (!completed) this.noteLeft(record);
      this.#options.inFlight.leave(passage);
    });
  }

  noteLeft(record: ExchangeRecord): void {
    noteError(record, new GatewayError('client_left', 'the client closed its connection'));
  }

  /** Its status is out already. */
  noteBrokenOff(record: ExchangeRecord, error: GatewayError): void {
    noteError(record, error, record.status);
  }

  /** For bytes that never became an exchange. */
  refuse(error: GatewayError, socket: Socket, requestId: string, toHead: boolean): void {
    const record = newExchangeRecord(requestId, '-', '-', 'HTTP/1.1', peerOf(socket).address);
    noteError(record, error);
    const whole = errorAnswer(error, { requestId, accept: '', advice: null });
    const answer = toHead ? { ...whole, body: EMPTY } : whole;
    writeRawAnswer(socket, answer);
    record.headAt = record.endedAt = performance.now();
    record.bytesOut = answer.body.length;
    this.#options.log(record);
  }

  #advice(passage: Passage, error: GatewayError): Advice | null {
    if (this.#options.mode === 'production') return null;
    const endpoints = passage.exchange?.match.route.upstream.endpoints ?? [];
    const { table } = passage.snapshot;
    const tried = endpoints.filter(({ address }) => address.key === passage.record.endpoint);
    const wanted = error.code === 'no_route';
    return advise({
      error,
      method: passage.method,
      endpoint: tried[0]?.address ?? null,
      service: serviceBehind(tried.length > 0 ? tried : endpoints, this.#options.services()),
      nearest: wanted ? table.nearest(passage.target.canonical, passage.host) : [],
      routes: wanted ? table.routes : null,
      page: wanted && table.showsPage(passage.host),
      asker: wanted ? askerOf(passage) : null,
      target: passage.target.canonical,
      now: Date.now(),
    });
  }
}

/** The route whose page asked for a path that no route takes. */
function askerOf(passage: Passage): RouteConfig | null {
  const page = pageOf(passage.snapshot.table, passage, ownOrigin(passage), passage.socket !== null);
  return page?.by === 'referer' ? page.route : null;
}

/** Where a message ends, or whom it is for, is in doubt: nothing that follows on the connection can be trusted (RFC 9112 §11.2). */
const ENDS_CONNECTION: ReadonlySet<string> = new Set([
  'bad_request',
  'bad_host',
  'coding_refused',
  'version_refused',
]);

const EMPTY = Buffer.alloc(0);

function noteError(record: ExchangeRecord, error: GatewayError, status = error.row.status): void {
  record.status = status;
  record.errorCode = error.code;
  record.errorType = error.row.type;
  record.cause = error.message;
}
