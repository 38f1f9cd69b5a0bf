import type { Fields } from '../exchange/contract.ts';
import type { LocalAnswer, RoutedExchange } from '../fields/exchange.ts';
import type { PolicySettings } from '../model/config.ts';
import type { BoundPolicy, Policy, PolicyContext } from './policy.ts';

type FieldsHook = (fields: Fields) => Fields;

/** The policies of one route, in their order. Where none has something to do, its hook is an empty list. */
export class RoutePolicies {
  readonly #requests: readonly NonNullable<BoundPolicy['request']>[];
  readonly #toService: readonly FieldsHook[];
  readonly #toClient: readonly FieldsHook[];
  readonly #ownAnswer: readonly FieldsHook[];
  /** What is done to answers, a line each. */
  readonly explain: readonly string[];

  constructor(order: readonly Policy[], settings: PolicySettings) {
    const bound = order.flatMap((policy) => policy.bind(settings[policy.name]) ?? []);
    this.#requests = bound.flatMap(({ request }) => request ?? []);
    this.#toService = bound.flatMap(({ toService }) => toService ?? []);
    this.#toClient = bound.flatMap(({ toClient }) => toClient ?? []);
    this.#ownAnswer = bound.flatMap(({ ownAnswer }) => ownAnswer ?? []);
    this.explain = bound.flatMap(({ explain }) => explain ?? []);
  }

  /** @returns the first answer that a policy gives, `null` if all let the exchange pass. @throws GatewayError */
  request(exchange: RoutedExchange, context: PolicyContext): LocalAnswer | null {
    for (const hook of this.#requests) {
      const answer = hook(exchange, context);
      if (answer !== null) return answer;
    }
    return null;
  }

  toService(fields: Fields): Fields {
    return through(this.#toService, fields);
  }

  toClient(fields: Fields): Fields {
    return through(this.#toClient, fields);
  }

  ownAnswer(fields: Fields): Fields {
    return through(this.#ownAnswer, fields);
  }
}

function through(hooks: readonly FieldsHook[], fields: Fields): Fields {
  let out = fields;
  for (const hook of hooks) out = hook(out);
  return out;
}
