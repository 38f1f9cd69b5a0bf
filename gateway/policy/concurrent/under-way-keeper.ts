import type { PartyTag } from '../rate-limit/party-tag.ts';

/** A process's report about one party: its exchanges under way and waiting, and the bound. */
export type UnderWayReport = readonly [party: number, own: number, waiting: number, most: number];

/** How many of the party are under way elsewhere, and how many of those that wait may pass. */
export type UnderWayState = readonly [elsewhere: number, granted: number];

/** Where workers agree on exchanges under way. */
export interface OthersUnderWay {
  /** By which all of them call a party. It may become another one, where replicas meet. */
  readonly key: PartyTag;
  readonly processes: number;
  /** One state for each report, in their order. */
  settle(reports: readonly UnderWayReport[]): Promise<readonly UnderWayState[]>;
}

/**
 * The exchanges under way in all workers, kept by the primary. Reports carry totals, not changes, so that a lost one does no lasting harm.
 */
export class UnderWayKeeper<Holder> {
  readonly #totals = new Map<number, number>();
  readonly #held = new Map<Holder, Map<number, number>>();

  /** Extensions may send anything on the same channel: invalid reports are ignored. */
  settle(holder: Holder, reports: readonly UnderWayReport[]): UnderWayState[] {
    return reports.map((report) => (isReport(report) ? this.#settleOne(holder, report) : NOTHING_KNOWN));
  }

  #settleOne(holder: Holder, [party, own, waiting, most]: UnderWayReport): UnderWayState {
    const elsewhere = (this.#totals.get(party) ?? 0) - (this.#held.get(holder)?.get(party) ?? 0);
    const granted = Math.max(0, Math.min(waiting, most - elsewhere - own));
    this.#put(holder, party, own + granted);
    return [elsewhere, granted];
  }

  #put(holder: Holder, party: number, count: number): void {
    const held = this.#held.get(holder) ?? new Map<number, number>();
    this.#held.set(holder, held);
    const total = (this.#totals.get(party) ?? 0) - (held.get(party) ?? 0) + count;
    if (total > 0) this.#totals.set(party, total);
    else this.#totals.delete(party);
    if (count > 0) held.set(party, count);
    else held.delete(party);
  }

  /** It has ended: nothing of it is under way any more. */
  release(holder: Holder): void {
    for (const party of [...(this.#held.get(holder)?.keys() ?? [])]) this.#put(holder, party, 0);
    this.#held.delete(holder);
  }
}

function isReport(report: UnderWayReport): boolean {
  return report.length === 4 && report.every((number) => Number.isSafeInteger(number) && number >= 0);
}

const NOTHING_KNOWN: UnderWayState = [0, 0];
