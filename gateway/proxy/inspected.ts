import { CapturedBody, InspectedBody } from '../exchange/captured-body.ts';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import type { Downstream, Fields } from '../exchange/contract.ts';
import type { ExchangeDetail } from '../exchange/detail.ts';
import { DownstreamFilter } from '../exchange/downstream-filter.ts';
import type { Inspection } from '../exchange/inspection.ts';
import type { MessageSink } from '../exchange/messages.ts';
import { EventReader } from '../forward/messages/event-reader.ts';
import type { Routed } from './routed.ts';

/** Wraps the client of an inspected exchange where its route is captured: both bodies are kept, and the messages of an event stream. */
export function inspected(
  client: ClientExchange,
  routed: Routed,
  detail: ExchangeDetail,
  inspection: Inspection,
): Downstream {
  if (!inspection.captures(routed.route)) return client;
  if (routed.body !== null) {
    detail.requestBody = new CapturedBody();
    routed.body = new InspectedBody(routed.body, detail.requestBody);
  }
  detail.messages = inspection.listens(routed.route, routed.record);
  return new InspectedDownstream(client, detail);
}

/** Records the answer next to the client, so that it sees what the client gets. */
class InspectedDownstream extends DownstreamFilter {
  readonly #body = new CapturedBody();
  readonly #messages: MessageSink | null;
  #events: EventReader | null = null;

  constructor(client: Downstream, detail: ExchangeDetail) {
    super(client);
    this.#messages = detail.messages;
    detail.answerBody = this.#body;
  }

  override head(status: number, reason: string, fields: Fields): void {
    if (this.#messages !== null && isPlainEventStream(fields)) this.#events = new EventReader(this.#messages);
    super.head(status, reason, fields);
  }

  override write(chunk: Buffer): boolean {
    this.#body.take(chunk);
    this.#events?.feed(chunk);
    return super.write(chunk);
  }

  override end(trailers: Fields): void {
    this.#body.whole = true;
    super.end(trailers);
  }
}

function isPlainEventStream(fields: Fields): boolean {
  let events = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (name === 'content-encoding') return false;
    if (name === 'content-type') events = /^text\/event-stream\b/i.test(fields[i + 1]!);
  }
  return events;
}
