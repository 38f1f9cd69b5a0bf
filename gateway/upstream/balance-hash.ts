import type { HashKey } from '../model/config.ts';
import { cookieValue } from '../route/cookie.ts';
import { RoundRobin } from './balance-round-robin.ts';
import type { Balancer } from './balancer.ts';
import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';
import { hashText, mix } from './hash.ts';

/**
 * The same key goes to the same endpoint while that is available: weighted rendezvous hashing. Key and endpoint are hashed together, and
 * the endpoint with the best number wins. A new endpoint takes over about its share of the keys, those of a removed one are spread evenly
 * over the others, and no other key moves. There is no table to build, and processes need not agree on anything.
 */
export class ConsistentHash implements Balancer {
  readonly #by: HashKey;
  /** For requests without the key: all of them on one endpoint would be a flood. */
  readonly #keyless = new RoundRobin();
  #candidates: readonly Candidate[] = [];
  #equalShares = true;

  constructor(by: HashKey) {
    this.#by = by;
  }

  replace(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
    this.#equalShares = candidates.every(({ share }) => share === candidates[0]!.share);
    this.#keyless.replace(candidates);
  }

  pick(choice: Choice, tried: readonly Endpoint[]): Endpoint | null {
    const key = keyOf(choice, this.#by);
    if (key === undefined) return this.#keyless.pick(choice, tried);
    const hash = hashText(key);
    return this.#equalShares ? this.#highest(hash, tried) : this.#bestByShare(hash, tried);
  }

  #highest(hash: number, tried: readonly Endpoint[]): Endpoint | null {
    const candidates = this.#candidates;
    let best: Endpoint | null = null;
    let highest = -1;
    for (let i = 0; i < candidates.length; i++) {
      const { endpoint, seed } = candidates[i]!;
      const number = mix(hash ^ seed);
      if (number <= highest || (tried.length > 0 && tried.includes(endpoint))) continue;
      highest = number;
      best = endpoint;
    }
    return best;
  }

  /**
   * −ln(u) / share is exponentially distributed with the share as its rate, so each endpoint has the least number in proportion to its
   * share. With equal shares the order is that of `#highest`, so that a changed weight moves as few keys as possible.
   */
  #bestByShare(hash: number, tried: readonly Endpoint[]): Endpoint | null {
    const candidates = this.#candidates;
    let best: Endpoint | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < candidates.length; i++) {
      const { endpoint, seed, share } = candidates[i]!;
      const place = (mix(hash ^ seed) + 1) / RANGE;
      // 1 − u is never more than −ln(u), and costs no logarithm: most are out of the running by it.
      if ((1 - place) / share >= least) continue;
      const distance = -Math.log(place) / share;
      if (distance >= least || (tried.length > 0 && tried.includes(endpoint))) continue;
      least = distance;
      best = endpoint;
    }
    return best;
  }
}

/** More than the highest number + 1, so that its logarithm is never 0, where every share would be alike. */
const RANGE = 2 ** 32 + 1;

function keyOf(choice: Choice, by: HashKey): string | undefined {
  if (by.kind === 'ip') return choice.client;
  if (by.kind === 'header') return choice.header(by.name);
  const cookies = choice.header('cookie');
  return cookies === undefined ? undefined : cookieValue(cookies, by.name);
}
