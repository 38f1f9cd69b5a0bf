import type { Endpoint } from './endpoint.ts';
import { RetryBudget } from './retry.ts';

/** The endpoints of one route, and the turn of each. */
export class Upstream {
  readonly endpoints: readonly Endpoint[];
  readonly budget = new RetryBudget();
  #next = 0;

  constructor(endpoints: readonly Endpoint[]) {
    this.endpoints = endpoints;
  }

  /** Round robin. A retry (`tried` not empty) prefers an endpoint that this exchange has not tried. */
  pick(tried: readonly Endpoint[]): Endpoint {
    const { endpoints } = this;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = this.#take();
      if (!tried.includes(endpoint)) return endpoint;
    }
    return this.#take();
  }

  #take(): Endpoint {
    const endpoint = this.endpoints[this.#next]!;
    this.#next = this.#next + 1 === this.endpoints.length ? 0 : this.#next + 1;
    return endpoint;
  }
}
