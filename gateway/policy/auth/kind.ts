import type { GatewayError } from '../../exchange/error-catalog.ts';
import type { LocalAnswer, RoutedExchange } from '../../fields/exchange.ts';
import type { PolicyContext } from '../policy.ts';
import type { Cookies } from './oidc/cookies.ts';

/** What a kind of proof says of a request. */
export type Outcome =
  /** `null`: it may pass, and nothing is known of who asks. */
  | { readonly kind: 'passed'; readonly user: string | null }
  | { readonly kind: 'refused'; readonly error: GatewayError }
  /** With something that is no error: the way to a login, say. */
  | { readonly kind: 'answered'; readonly answer: LocalAnswer };

/** What a kind is told beside the request. */
export interface ProofContext extends PolicyContext {
  /** Those of logins, which the request has no more. */
  readonly sessions: Cookies;
}

/** One kind of proof on a route, at work. */
export interface Authenticator {
  /** A promise only where it has to wait. Never throws. */
  check(exchange: RoutedExchange, context: ProofContext): Outcome | Promise<Outcome>;
  /** Whether it answers a request by itself, below its route: no exception, and no other kind, is asked about it. Never passed, then. */
  claims?(exchange: RoutedExchange): boolean;
  /** Takes out what a client sent in the place of what this kind says; on exceptions, too. */
  strip?(exchange: RoutedExchange, excepted: boolean): void;
  /** `Authorization` may be the proof until somebody has passed; then only this kind says what the service gets by that name. */
  readonly ownsAuthorization?: boolean;
  close(): void;
}
