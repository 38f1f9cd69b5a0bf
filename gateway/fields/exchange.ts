import type { Downstream, Fields } from '../exchange/contract.ts';
import type { Pace } from '../exchange/paced.ts';
import type { Peer } from '../exchange/peer.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { RouteMatch } from '../route/table.ts';
import type { RequestTarget } from '../route/target.ts';
import type { Origin } from './forwarded.ts';
import type { RequestFacts } from './request-facts.ts';

/** What may be known of a request before anybody reads its body. */
export type RequestView = Pick<Downstream, 'method' | 'fields' | 'body'>;

/** What arrives at the listener: a request as it was sent, and where it came from. */
export interface Arrival {
  readonly downstream: RequestView;
  readonly peer: Peer;
  /** `1.0` or `1.1`: what `Via` tells of the client's side. */
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
  /** Who asks, once a policy knows it. The service gets it as `X-Forwarded-User`, and the log as `user`. */
  user: string | null;
  /** Whether the answer may be for this client alone though nobody knows its user: no cache gives it to another. */
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

/** An answer that the gateway gives by itself and that is no error. */
export interface LocalAnswer {
  readonly status: number;
  /** Without those that say how long the body is. */
  readonly fields: Fields;
  /** `undefined`: none. */
  readonly body?: Buffer;
}
