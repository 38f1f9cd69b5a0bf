import type { Fields, RequestBody } from '../exchange/contract.ts';
import type { Clock } from '../exchange/timer-wheel.ts';
import type { Choice } from '../upstream/choice.ts';
import type { Endpoint } from '../upstream/endpoint.ts';

/** As much of a plan as a request is made of, be it the one or a copy of it (mirror.ts). */
export interface RequestPlan {
  /** Inputs for choosing the endpoint. */
  readonly choice: Choice;
  /** The request target that the service sees. */
  readonly sentTarget: string;
  readonly body: RequestBody | null;
  readonly clock: Clock;
  requestFields(endpoint: Endpoint): Fields;
}
