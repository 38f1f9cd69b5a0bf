import type { PartyTag } from '../rate-limit/party-tag.ts';

/** What a process tells of one party: how many it has under way, how many wait for a word, and how many there may be. */
export type UnderWayReport = readonly [party: number, own: number, waiting: number, most: number];

/** How many of the party are under way elsewhere, and how many of those that wait may pass. */
export type UnderWayState = readonly [elsewhere: number, granted: number];

/** Where workers agree on what is under way. */
export interface OthersUnderWay {
  /** By which all of them call a party. It may become another one, where replicas meet. */
  readonly key: PartyTag;
  readonly processes: number;
  /** One state for each report, in their order. */
  settle(reports: readonly UnderWayReport[]): Promise<readonly UnderWayState[]>;
}

/** What all workers have under way, in the process that they have in common. Each tells how many, not what has changed, so that nothing that was missed stays wrong. */
export class UnderWayKeeper<Holder> {
  readonly #totals = new Map<number, number>();
  readonly #held = new Map<Holder, Map<number, number>>();

  /** Extensions are code of somebody else, which may send what it likes on the same channel: what is no report changes nothing. */
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
