import type { Logger } from 'pino';
import type { OthersUnderWay } from './concurrent/under-way-keeper.ts';
import type { Counts } from './rate-limit/counts.ts';
import type { SharedTexts } from './shared-texts.ts';

/** What a policy keeps for longer than one snapshot: files that are followed, counts, verdicts. */
export interface Keepable {
  close(): void;
}

/** What policies keep, by what it is about. It lives as long as any snapshot holds it, so that a reload loses nothing of unchanged routes. */
export class KeptStates {
  readonly log: Logger;
  readonly #counts: () => Counts | null;
  readonly #texts: () => SharedTexts | null;
  /** The other workers, with whom this one agrees on what is under way; `null`: there are none. */
  readonly others: OthersUnderWay | null;
  /** Whether the admin listener has asked for a key since the start: browsers send its cookie for as long as it runs, whatever the file says by now. */
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

  /** Where this process agrees with others on what they count, by the configuration that is taken now; `null`: it is the only one. */
  get counts(): Counts | null {
    return this.#counts();
  }

  /** What replicas keep for each other, by the configuration that is taken now; `null`: nothing is shared. */
  get texts(): SharedTexts | null {
    return this.#texts();
  }

  /** @param key names the kind of state, too: what is kept under it is always made by the same `make`. */
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
