import type { BalanceConfig } from '../model/config.ts';
import { type Balancer, balancerOf } from './balancer.ts';
import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';
import { usable } from './panic.ts';

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

  /** @returns `null` where every usable one has been tried, or there is none. */
  pick(choice: Choice, tried: readonly Endpoint[]): Endpoint | null {
    return this.#usable.length === 0 ? null : this.#balancer.pick(choice, tried);
  }

  hasUntried(tried: readonly Endpoint[]): boolean {
    return this.#usable.some(({ endpoint }) => !tried.includes(endpoint));
  }
}
