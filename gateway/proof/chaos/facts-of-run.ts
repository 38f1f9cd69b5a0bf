import { currentCommit, describeMachine, type Machine } from '../testing/machine.ts';
import type { ChaosOptions } from './options.ts';

/** The facts that a reader needs to repeat a run, or to doubt it. */
export interface FactsOfRun {
  /** `2026-02-03` */
  readonly date: string;
  readonly command: string;
  readonly seed: number;
  /** Of the mixed load. */
  readonly seconds: number;
  readonly node: string;
  /** Of the code; `null` outside a git checkout. */
  readonly commit: string | null;
  readonly machine: Machine;
}

export function describeRun(command: string, { seed, seconds }: ChaosOptions): FactsOfRun {
  const date = new Date().toISOString().slice(0, 10);
  const node = process.versions.node;
  return { date, command, seed, seconds, node, commit: currentCommit(), machine: describeMachine() };
}
