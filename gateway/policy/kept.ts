import type { Logger } from 'pino';
import type { OthersUnderWay } from './concurrent/under-way-keeper.ts';
import type { Counts } from './rate-limit/counts.ts';
import type { SharedTexts } from './shared-texts.ts';

/** Policy state that outlives a snapshot: followed files, counts, verdicts. */
export interface Keepable {
  close(): void;
}

/** The state of policies by key. It lives as long as a snapshot holds it, so that a reload loses nothing of unchanged routes. */
export class KeptStates {
  readonly log: Logger;
  readonly #counts: () => Counts | null;
  readonly #texts: () => SharedTexts | null;
  /** The other workers, for counting exchanges under way; `null`: none. */
  readonly others: OthersUnderWay | null;
  /** Whether the admin listener has required a key since the start: browsers send its cookie until that expires, whatever the file says now. */
  adminSessions = false;
  readonly #held = new Map<string, { readonly state: Keepable; holders: number }>();

  constructor(
    log: Logger,
    counts: () => Counts | null = () => null,
    others: OthersUnderWay | null = null,
    texts: () => SharedTexts | null = () => null,
  ) {
    this.log = log;
    this.#texts = texts;
    this.others = others;
    this.#counts = counts;
  }

  /** Where this process agrees on counts with others, by the configuration that is being applied; `null`: it is the only one. */
  get counts(): Counts | null {
    return this.#counts();
  }

  /** Texts shared by replicas, by the configuration that is being applied; `null`: none. */
  get texts(): SharedTexts | null {
    return this.#texts();
  }

  /** @param key includes the kind of state: one key is always used with the same `make` */
  acquire<State extends Keepable>(key: string, make: () => State): State {
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { state: make(), holders: 0 };
      this.#held.set(key, held);
    }
    held.holders++;
    return held.state as State;
  }

  release(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined || --held.holders > 0) return;
    this.#held.delete(key);
    held.state.close();
  }
}
