import type { BalanceConfig } from '../model/config.ts';
import { ConsistentHash } from './balance-hash.ts';
import { LeastRequests } from './balance-least-requests.ts';
import { RandomTwo } from './balance-random-two.ts';
import { RoundRobin } from './balance-round-robin.ts';
import type { Balancer } from './balancer.ts';
import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';

/** The primary endpoints of an upstream, its backups, or its canary: those that share requests among themselves. */
export class Tier {
  readonly #balancer: Balancer;
  #candidates: readonly Candidate[] = [];
  #usable: readonly Candidate[] = [];

  constructor(balance: BalanceConfig) {
    this.#balancer = balancerOf(balance);
  }

  get candidates(): readonly Candidate[] {
    return this.#candidates;
  }

  /** Those that may be picked now. */
  get usable(): readonly Candidate[] {
    return this.#usable;
  }

  /** @param standIn whether others are there in their place. */
  replace(candidates: readonly Candidate[], standIn: boolean): void {
    this.#candidates = candidates;
    this.refresh(standIn);
  }

  /** Something has changed about an endpoint: whether it is available, or its share. */
  refresh(standIn: boolean): void {
    for (const candidate of this.#candidates) candidate.refresh();
    this.#usable = usable(this.#candidates, standIn);
    this.#balancer.replace(this.#usable);
  }

  /** @returns `null` if every usable one has been tried, or there is none */
  pick(choice: Choice, tried: readonly Endpoint[]): Endpoint | null {
    const usable = this.#usable;
    // One needs no balancing.
    if (usable.length > 1) return this.#balancer.pick(choice, tried);
    const endpoint = usable.length === 0 ? null : usable[0]!.endpoint;
    return endpoint === null || tried.includes(endpoint) ? null : endpoint;
  }

  hasUntried(tried: readonly Endpoint[]): boolean {
    return this.#usable.some(({ endpoint }) => !tried.includes(endpoint));
  }
}

/**
 * The usable candidates: those that are available. If fewer than half are, it is likelier that checks are wrong, or that the few would be
 * overrun by the load of all, than that so many services failed at once: then all are used, as in Envoy's panic mode. Unreachable ones are
 * still left out as long as there are others, since sending to them can only fail; drained ones always.
 *
 * Computed when something changes, never for a request.
 *
 * @param standIn whether another tier can take the load, so that there is no need to panic
 */
function usable(candidates: readonly Candidate[], standIn: boolean): readonly Candidate[] {
  const wanted = candidates.filter(({ endpoint }) => !endpoint.drained);
  const available = wanted.filter(({ endpoint }) => endpoint.available);
  if (standIn || available.length * 2 >= wanted.length) return available;
  const living = wanted.filter(({ endpoint }) => !endpoint.dead);
  return living.length > 0 ? living : wanted;
}

export function balancerOf(config: BalanceConfig): Balancer {
  switch (config.kind) {
    case 'round-robin':
      return new RoundRobin();
    case 'least-requests':
      return new LeastRequests();
    case 'random-two':
      return new RandomTwo();
    case 'hash':
      return new ConsistentHash(config.by);
  }
}
