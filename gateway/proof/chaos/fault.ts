import type { Findings } from './findings.ts';
import type { Stage } from './stage.ts';

/** One row of the harness: a fault, and what must hold while it lasts and afterwards. */
export interface Fault {
  /** In kebab case, unique. */
  readonly id: string;
  /** What is done to the gateway. */
  readonly done: string;
  /** What must hold. */
  readonly holds: string;
  /** A row that takes longer has missed; default 60 s. */
  readonly limitMs?: number;
  /** Does it, and tells what was seen. @throws Skip; any other error is a miss. */
  run(stage: Stage, seen: Findings): Promise<void>;
}

/** The row can't be tried here; the message says why. */
export class Skip extends Error {}

export type Verdict = 'held' | 'missed' | 'skipped';

/** The outcome of a row. */
export interface FaultResult {
  readonly id: string;
  readonly done: string;
  readonly holds: string;
  readonly verdict: Verdict;
  /** Figures; for a row that was skipped, why. */
  readonly seen: readonly string[];
  readonly misses: readonly string[];
  readonly seconds: number;
}
