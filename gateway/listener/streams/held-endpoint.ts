import type { Choice } from '../../upstream/choice.ts';
import type { Endpoint } from '../../upstream/endpoint.ts';
import type { Outcome } from '../../upstream/outcome.ts';
import type { Upstream } from '../../upstream/upstream.ts';

/** The endpoint of a UDP session. Where a session begins anew, it takes another turn. */
export class HeldEndpoint {
  readonly #upstream: Upstream;
  readonly #choice: Choice;
  #endpoint: Endpoint | null = null;
  #ticket = 0;

  constructor(upstream: Upstream, choice: Choice) {
    this.#upstream = upstream;
    this.#choice = choice;
  }

  /** The endpoint whose turn it is, then the others. @throws GatewayError where none may be used now. */
  take(): readonly Endpoint[] {
    this.letGo('neutral');
    const first = this.#upstream.pick(this.#choice, []);
    this.#endpoint = first;
    this.#ticket = this.#upstream.begun(first);
    return [first, ...this.#upstream.endpoints.filter((endpoint) => endpoint !== first)];
  }

  letGo(outcome: Outcome): void {
    if (!this.#endpoint) return;
    this.#upstream.recordOutcome(this.#endpoint, outcome, this.#ticket, performance.now());
    this.#upstream.ended(this.#endpoint);
    this.#endpoint = null;
  }
}
