import type { RoutedExchange } from '../fields/exchange.ts';
import type { Choice } from '../upstream/choice.ts';

/** An exchange as its upstream sees it: what the choice of an endpoint may depend on is read only where a policy asks for it. */
export class ExchangeChoice implements Choice {
  readonly #exchange: RoutedExchange;

  constructor(exchange: RoutedExchange) {
    this.#exchange = exchange;
  }

  get client(): string {
    return this.#exchange.origin.client;
  }

  header(lowerName: string): string | undefined {
    const { facts, authority } = this.#exchange;
    if (lowerName === 'host') return authority;
    const fields = facts.kept;
    let found: string | undefined;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      if (name.length !== lowerName.length || name.toLowerCase() !== lowerName) continue;
      found = found === undefined ? fields[i + 1]! : `${found}, ${fields[i + 1]}`;
    }
    return found;
  }
}
