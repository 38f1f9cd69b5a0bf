import type { BulkMemory } from '../exchange/bulk-memory.ts';
import type { Fields, RepeatedFields } from '../exchange/contract.ts';
import type { RetriesConfig, TimeoutsConfig } from '../model/config.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Holds } from '../upstream/hold.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Mirror } from './mirror.ts';
import type { RequestPlan } from './request-plan.ts';

/** The request and where to send it, as decided by the route and the policies. */
export interface HttpPlan extends RequestPlan {
  readonly upstream: Upstream;
  /** A cookie to add to the answer of this endpoint, so that the client comes back to it; `null`: the route is not sticky. */
  readonly stickyCookie: ((endpoint: Endpoint) => string | null) | null;
  /** Whether the answer gets `Server-Timing`. */
  readonly serverTiming: boolean;
  /** Whether the service is to be asked for a 100 first. */
  readonly expectsContinue: boolean;
  readonly timeouts: TimeoutsConfig;
  readonly retries: RetriesConfig;
  /** Gets copies of the requests to the service. */
  readonly mirror?: Mirror | null;
  readonly memory: BulkMemory;
  /** Where requests wait whose service does not listen yet. */
  readonly holds?: Holds;
  /**
   * How long the request waits for a service that is starting, from its arrival. Asked when no endpoint takes it, and again while it waits.
   * 0: it does not wait.
   */
  holdMs?(): number;
  /** Names of fields that policies check or write: in lower case, with dashes. They never come behind the body. */
  readonly decidedFields: ReadonlySet<string>;
  /**
   * The fields of a repeated request that were sent before, for a request without a body; absent or `null`: none. `ownRequestFields` are
   * the rest.
   */
  repeatedFields?(endpoint: Endpoint): RepeatedFields | null;
  readonly ownRequestFields?: Fields;
  /** @param announceTrailers whether trailers can follow, so that their announcement may stand. */
  answerFields(endpoint: Endpoint, fields: Fields, announceTrailers: boolean): Fields;
  /**
   * A repeated answer of this endpoint as this client gets it, without `ownAnswerFields`. Absent or `null`: it is made anew.
   * @param forAll the answer as all clients would get it
   */
  repeatedAnswer?(endpoint: Endpoint, forAll: RepeatedFields): RepeatedFields | null;
  readonly ownAnswerFields?: Fields;
  /** Of a 1xx answer. */
  informationalFields(endpoint: Endpoint, fields: Fields): Fields;
}
