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

  /**
   * Round robin. A retry (`tried` not empty) goes to the next endpoint that this exchange has not tried, and takes nobody's turn: of
   * two endpoints, one of them dead, it would always be the dead one's.
   */
  pick(tried: readonly Endpoint[]): Endpoint {
    if (tried.length === 0) return this.#take();
    const { endpoints } = this;
    const inTurn = [...endpoints.slice(this.#next), ...endpoints.slice(0, this.#next)];
    return inTurn.find((endpoint) => !tried.includes(endpoint)) ?? this.#take();
  }

  #take(): Endpoint {
    const endpoint = this.endpoints[this.#next]!;
    this.#next = this.#next + 1 === this.endpoints.length ? 0 : this.#next + 1;
    return endpoint;
  }
}
