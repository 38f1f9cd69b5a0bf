import type { Downstream, Fields } from '../exchange/contract.ts';
import { DownstreamFilter } from '../exchange/downstream-filter.ts';

/** A client whose exchange is carried past the caches: they hear of its answer. */
export class PastCache extends DownstreamFilter {
  /** The member of `Cache-Status` that the answer gets; `null`: its route is not cached. */
  readonly #cacheStatus: string | null;
  readonly #answered: (status: number, fields: Fields) => void;

  /** @param answered called with the head of the final answer, as the client gets it */
  constructor(
    client: Downstream,
    cacheStatus: string | null,
    answered: (status: number, fields: Fields) => void,
  ) {
    super(client);
    this.#cacheStatus = cacheStatus;
    this.#answered = answered;
  }

  override head(status: number, reason: string, fields: Fields): void {
    const status9211 = this.#cacheStatus === null ? [] : ['Cache-Status', this.#cacheStatus];
    this.client.head(status, reason, [...fields, ...status9211]);
    this.#answered(status, fields);
  }
}
