import type { Fields } from '../../exchange/contract.ts';
import type { GatewayError } from '../../exchange/error-catalog.ts';
import type { LocalAnswer, RoutedExchange, RoutedHead } from '../../fields/exchange.ts';
import type { PolicyContext } from '../policy.ts';

/** What a kind of proof says of a request. */
export type Outcome =
  /** `null`: it may pass, and nothing is known of who asks. */
  | { readonly kind: 'passed'; readonly user: string | null }
  | { readonly kind: 'refused'; readonly error: GatewayError }
  /** With something that is no error: the way to a login, say. */
  | { readonly kind: 'answered'; readonly answer: LocalAnswer };

/** One kind of proof on a route, at work. */
export interface Authenticator {
  /** A promise only where it has to wait. Never throws. */
  check(exchange: RoutedExchange, context: PolicyContext): Outcome | Promise<Outcome>;
  /** Whether it answers a request by itself, below its route: no exception, and no other kind, is asked about it. Never passed, then. */
  claims?(exchange: RoutedExchange): boolean;
  /** Takes out what a client sent in the place of what this kind says; on exceptions, too. */
  strip?(exchange: RoutedExchange, excepted: boolean): void;
  /** `Authorization` may be the proof until somebody has passed; then only this kind says what the service gets by that name. */
  readonly ownsAuthorization?: boolean;
  /** What it adds to the answer of a request that has passed. */
  toClient?(fields: Fields, exchange: RoutedHead): Fields;
  close(): void;
}
