import { CapturedBody } from '../exchange/captured-body.ts';
import type { Downstream, Fields } from '../exchange/contract.ts';
import type { ExchangeDetail } from '../exchange/detail.ts';
import { DownstreamFilter } from '../exchange/downstream-filter.ts';

/** The client's side of an exchange, next to the client itself: what goes by here is what the client gets. */
export class InspectedDownstream extends DownstreamFilter {
  readonly #detail: ExchangeDetail;
  readonly #body: CapturedBody | null;

  /** @param captures whether the body of the answer is kept, too. */
  constructor(client: Downstream, detail: ExchangeDetail, captures: boolean) {
    super(client);
    this.#detail = detail;
    this.#body = captures ? new CapturedBody() : null;
    detail.answerBody = this.#body;
  }

  override head(status: number, reason: string, fields: Fields): void {
    this.#detail.answerFields = fields;
    super.head(status, reason, fields);
  }

  override write(chunk: Buffer): boolean {
    this.#body?.take(chunk);
    return super.write(chunk);
  }

  override end(trailers: Fields): void {
    if (this.#body !== null) this.#body.whole = true;
    super.end(trailers);
  }
}
