import type { Downstream, Fields } from '../exchange/contract.ts';
import type { ExchangeDetail } from '../exchange/detail.ts';
import { DownstreamFilter } from '../exchange/downstream-filter.ts';

/** The client's side of an exchange, next to the client itself: what goes by here is what the client gets. */
export class InspectedDownstream extends DownstreamFilter {
  readonly #detail: ExchangeDetail;

  constructor(client: Downstream, detail: ExchangeDetail) {
    super(client);
    this.#detail = detail;
  }

  override head(status: number, reason: string, fields: Fields): void {
    this.#detail.answerFields = fields;
    super.head(status, reason, fields);
  }
}
