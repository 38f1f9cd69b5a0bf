import type { GatewayError } from '../../exchange/error-catalog.ts';
import type { LocalAnswer, RoutedExchange } from '../../fields/exchange.ts';
import type { PolicyContext } from '../policy.ts';
import type { Cookies } from './oidc/cookies.ts';

/** The outcome of one kind of proof. */
export type Outcome =
  /** `null`: it may pass, and the user is unknown. */
  | { readonly kind: 'passed'; readonly user: string | null }
  | { readonly kind: 'refused'; readonly error: GatewayError }
  /** With something that is no error: the way to a login, say. */
  | { readonly kind: 'answered'; readonly answer: LocalAnswer };

/** The context of a proof, beside the request. */
export interface ProofContext extends PolicyContext {
  /** Cookies of logins, which were removed from the request. */
  readonly sessions: Cookies;
}

/** One kind of proof on a route, at work. */
export interface Authenticator {
  /** A promise only where it has to wait. Never throws. */
  check(exchange: RoutedExchange, context: ProofContext): Outcome | Promise<Outcome>;
  /** Whether the request is for a path of this kind's own below the route: no exception and no other kind applies. It never passes then. */
  claims?(exchange: RoutedExchange): boolean;
  /** Removes fields that a client sent in place of this kind's; on exceptions, too. */
  strip?(exchange: RoutedExchange, excepted: boolean): void;
  /** `Authorization` may be this kind's proof until the request has passed; then only this kind sets the service's `Authorization`. */
  readonly ownsAuthorization?: boolean;
  close(): void;
}
