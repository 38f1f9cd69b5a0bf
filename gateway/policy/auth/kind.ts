import type { GatewayError } from '../../exchange/error-catalog.ts';
import type { LocalAnswer, RoutedExchange } from '../../fields/exchange.ts';

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
  check(exchange: RoutedExchange): Outcome | Promise<Outcome>;
  close(): void;
}
