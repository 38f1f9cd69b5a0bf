import type { Endpoint } from './endpoint.ts';
import { hashText } from './hash.ts';

/** Backups are used while no primary endpoint is usable; the canary has a share of its own; the fallback takes failed requests. */
export type Role = 'primary' | 'backup' | 'canary' | 'fallback';

/** An endpoint as one upstream sees it, with the state of its balancer. */
export class Candidate {
  readonly endpoint: Endpoint;
  /** From the configuration or DNS. */
  readonly weight: number;
  readonly role: Role;
  /** Its name in the configuration. */
  readonly key: string;
  /** Places it among the others where requests are hashed: the same in every process that knows the same key. */
  readonly seed: number;
  /** Its weight as of now: while an endpoint starts slowly it is less. */
  share: number;
  /** Credit of smooth round robin, in shares (`balance-round-robin.ts`). */
  credit = 0;

  constructor(endpoint: Endpoint, weight: number, role: Role, key: string = endpoint.key) {
    this.endpoint = endpoint;
    this.weight = weight;
    this.role = role;
    this.key = key;
    this.seed = hashText(endpoint.key);
    this.share = weight * endpoint.warmth;
  }

  refresh(): void {
    this.share = this.weight * this.endpoint.warmth;
  }
}
