import type { Balancer } from './balancer.ts';
import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * The less busy of two that are drawn by lot, by weight. Gateways that know nothing of each other do not all run to the endpoint which is
 * idle at this moment, and yet none gets much more than its share ("the power of two choices"). It costs the same for two and for two hundred.
 */
export class RandomTwo implements Balancer {
  readonly #random: () => number;
  #candidates: readonly Candidate[] = [];
  /** `#ends[i]` is the sum of the shares up to the i-th: it owns the interval from `#ends[i - 1]`. */
  #ends = new Float64Array(0);

  /** @param random from 0 to less than 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  replace(candidates: readonly Candidate[]): void {
    let sum = 0;
    this.#candidates = candidates;
    this.#ends = Float64Array.from(candidates, ({ share }) => {
      sum += share;
      return sum;
    });
  }

  pick(_choice: Choice, tried: readonly Endpoint[]): Endpoint | null {
    const candidates = this.#candidates;
    if (tried.length > 0) return this.#drawUntried(tried);
    if (candidates.length < 2) return candidates[0]?.endpoint ?? null;
    const first = this.#draw();
    return lessBusy(candidates[first]!, candidates[this.#drawOther(first)]!).endpoint;
  }

  #draw(): number {
    const ends = this.#ends;
    return ownerOf(ends, this.#random() * ends[ends.length - 1]!);
  }

  /** Draws among the others, with the first one's interval left out. */
  #drawOther(first: number): number {
    const ends = this.#ends;
    const begin = first === 0 ? 0 : ends[first - 1]!;
    const owned = ends[first]! - begin;
    const place = this.#random() * (ends[ends.length - 1]! - owned);
    const other = ownerOf(ends, place < begin ? place : place + owned);
    // Rounding may lead back to it, at the very border.
    if (other !== first) return other;
    return first + 1 < ends.length ? first + 1 : first - 1;
  }

  /** Retries are rare: one lot among those left. */
  #drawUntried(tried: readonly Endpoint[]): Endpoint | null {
    let total = 0;
    for (const { endpoint, share } of this.#candidates) if (!tried.includes(endpoint)) total += share;
    let place = this.#random() * total;
    let last: Endpoint | null = null;
    for (const { endpoint, share } of this.#candidates) {
      if (tried.includes(endpoint)) continue;
      last = endpoint;
      place -= share;
      if (place < 0) break;
    }
    return last;
  }
}

function ownerOf(ends: Float64Array, place: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (place < ends[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Of equals the first: it was drawn by weight, the second among the rest only. */
function lessBusy(first: Candidate, second: Candidate): Candidate {
  return second.endpoint.active * first.share < first.endpoint.active * second.share ? second : first;
}
