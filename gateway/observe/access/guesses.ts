import { BoundedTable } from '../../policy/bounded-table.ts';
import { addressNetwork } from '../../policy/rate-limit/address-network.ts';

interface Wrong {
  readonly count: number;
  readonly until: number;
}

const WRONG_MAX = 10;
const PERIOD_MS = 60_000;

/** How many wrong keys came from each address of late. */
export class Guesses {
  readonly #wrong = new BoundedTable<Wrong>(1_024);

  /** How long none of its keys is looked at. */
  waitMs(address: string, nowMs: number): number {
    const wrong = this.#wrong.get(addressNetwork(address));
    return wrong !== undefined && wrong.count >= WRONG_MAX ? Math.max(0, wrong.until - nowMs) : 0;
  }

  count(address: string, nowMs: number): void {
    const network = addressNetwork(address);
    const before = this.#wrong.get(network);
    const goesOn = before !== undefined && before.until > nowMs;
    this.#wrong.set(network, {
      count: goesOn ? before.count + 1 : 1,
      until: goesOn ? before.until : nowMs + PERIOD_MS,
    });
  }
}
