import type { GatewayError } from '../error/catalog.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Choice } from '../upstream/choice.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Outcome, Upstream } from '../upstream/upstream.ts';

/** The endpoints that one exchange was sent to, one after the other. Each attempt is told to the upstream once when it begins and once when it ends. */
export class Attempts {
  readonly #upstream: Upstream;
  readonly #choice: Choice;
  readonly #record: ExchangeRecord;
  readonly #tried: Endpoint[] = [];
  #ticket = 0;
  #open = false;

  constructor(upstream: Upstream, choice: Choice, record: ExchangeRecord) {
    this.#upstream = upstream;
    this.#choice = choice;
    this.#record = record;
  }

  /** The endpoint of the next attempt. @throws GatewayError where none may be used now. */
  begin(): Endpoint {
    const endpoint = this.#upstream.pick(this.#choice, this.#tried);
    this.#record.attempts = this.#tried.push(endpoint);
    this.#record.endpoint = endpoint.key;
    this.#ticket = this.#upstream.begun(endpoint);
    this.#open = true;
    return endpoint;
  }

  /** The attempt is over. It may be said again, and then means nothing. */
  end(outcome: Outcome): void {
    if (!this.#open) return;
    this.#open = false;
    this.#upstream.ended(this.endpoint, outcome, this.#ticket);
  }

  /** The endpoint of the newest attempt; there must have been one. */
  get endpoint(): Endpoint {
    return this.#tried[this.#tried.length - 1]!;
  }

  get count(): number {
    return this.#tried.length;
  }

  /** Whether there is an endpoint that was not tried. */
  get elsewhere(): boolean {
    return this.#upstream.elsewhere(this.#tried);
  }
}

/** What an error says of the endpoint. That its queue is full is our own bound. */
export function outcomeOf({ code, row }: GatewayError): Outcome {
  return row.blame === 'service' && code !== 'queue_full' ? 'failure' : 'neutral';
}

/** What an answer says of it: these three are how a service, or a proxy before it, says that it can't. */
export function outcomeOfStatus(status: number): Outcome {
  return status >= 502 && status <= 504 ? 'failure' : 'success';
}
