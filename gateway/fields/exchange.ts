import type { Downstream, Fields } from '../exchange/contract.ts';
import type { Pace } from '../exchange/paced.ts';
import type { Peer } from '../exchange/peer.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { RouteMatch } from '../route/table.ts';
import type { RequestTarget } from '../route/target.ts';
import type { Origin } from './forwarded.ts';
import type { RequestFacts } from './request-facts.ts';

/** A request before its body is read. */
export type RequestView = Pick<Downstream, 'method' | 'fields' | 'body'>;

/** A request as it arrives at the listener, with its peer. */
export interface Arrival {
  readonly downstream: RequestView;
  readonly peer: Peer;
  /** `1.0` or `1.1`, for `Via`. */
  readonly version: string;
  /** The request target of the request line, as sent. */
  readonly rawTarget: string;
}

/** An arrival that has been read and may go on: everything that the hops after this one know of it. */
export interface Exchange extends Arrival {
  readonly facts: RequestFacts;
  readonly target: RequestTarget;
  /** The host that was asked for: of the target where it names one (RFC 9112 §3.2.2), else of the Host field. */
  readonly authority: string;
  readonly origin: Origin;
  readonly record: ExchangeRecord;
}

/** An exchange that a route has taken. */
export interface RoutedExchange extends Exchange {
  readonly match: RouteMatch;
  /** The user, once a policy has authenticated one. The service gets it as `X-Forwarded-User`, the log as `user`. */
  user: string | null;
  /** The answer may be for this client alone even without a known user: no cache gives it to others. */
  personal: boolean;
  /** `facts.kept`, for a policy to change: from then on they are of this exchange alone. A policy with nothing to change must not ask. */
  ownKept(): string[];
  /** Fields of a policy beside those of the final answer, be it the service's, the cache's or the gateway's own. */
  addToAnswer(fields: Fields): void;
  /** Its bodies, or the tunnel that it becomes, go no faster. */
  keepPace(pace: Pace): void;
  /** Called once when the exchange is over, however it ends; of a WebSocket, when it is closed. */
  whenOver(release: () => void): void;
  /** Whether the service gets its own `Host` although `hostHeader` is `auto`: it refuses the name that its route has in development. */
  readonly ownHost: boolean;
  /** For a policy that waits: aborted when the client has left, or the time is up. */
  readonly signal: AbortSignal;
}

/** As much of an exchange as the rules for its header fields may depend on. */
export type RoutedHead = Pick<
  RoutedExchange,
  'facts' | 'peer' | 'origin' | 'version' | 'authority' | 'match' | 'user' | 'ownHost'
>;

/** An answer of the gateway's own that is no error. */
export interface LocalAnswer {
  readonly status: number;
  /** Without those that say how long the body is. */
  readonly fields: Fields;
  /** `undefined`: none. */
  readonly body?: Buffer;
}
