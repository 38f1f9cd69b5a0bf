import { CapturedBody, InspectedBody } from '../exchange/captured-body.ts';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import type { Downstream, Fields, RepeatedFields } from '../exchange/contract.ts';
import type { ExchangeDetail } from '../exchange/detail.ts';
import { DownstreamFilter } from '../exchange/downstream-filter.ts';
import type { Inspection } from '../exchange/inspection.ts';
import { EventReader } from '../forward/messages/event-reader.ts';
import type { Routed } from './routed.ts';

/** The client of an exchange that somebody looks into; both bodies, and the messages of an event stream, are kept where its route is captured. */
export function inspected(
  client: ClientExchange,
  routed: Routed,
  detail: ExchangeDetail,
  inspection: Inspection,
): Downstream {
  const captures = inspection.captures(routed.route);
  if (captures && routed.body !== null) {
    detail.requestBody = new CapturedBody();
    routed.body = new InspectedBody(routed.body, detail.requestBody);
  }
  if (captures) detail.messages = inspection.listens(routed.route, routed.record);
  const Inspected = client.headAgain ? InspectedRepeating : InspectedDownstream;
  return new Inspected(client, detail, captures);
}

/** Records the answer next to the client, so that it sees what the client gets. */
class InspectedDownstream extends DownstreamFilter {
  readonly #detail: ExchangeDetail;
  readonly #body: CapturedBody | null;
  #events: EventReader | null = null;

  /** @param captures whether the body of the answer is kept, too. */
  constructor(client: Downstream, detail: ExchangeDetail, captures: boolean) {
    super(client);
    this.#detail = detail;
    this.#body = captures ? new CapturedBody() : null;
    detail.answerBody = this.#body;
  }

  override head(status: number, reason: string, fields: Fields): void {
    this.saw(fields);
    super.head(status, reason, fields);
  }

  protected saw(fields: Fields): void {
    this.#detail.answerFields = fields;
    const { messages } = this.#detail;
    if (messages !== null && isPlainEventStream(fields)) this.#events = new EventReader(messages);
  }

  override write(chunk: Buffer): boolean {
    this.#body?.take(chunk);
    this.#events?.feed(chunk);
    return super.write(chunk);
  }

  override end(trailers: Fields): void {
    if (this.#body !== null) this.#body.whole = true;
    super.end(trailers);
  }
}

/** For clients that support `headAgain`: forwarding tests whether the method exists. */
class InspectedRepeating extends InspectedDownstream {
  headAgain(status: number, reason: string, repeated: RepeatedFields, own: Fields): void {
    this.saw(own.length === 0 ? repeated.fields : [...repeated.fields, ...own]);
    this.client.headAgain!(status, reason, repeated, own);
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
