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
  /** Keys of the configuration without which the row has nothing to try: until `portway check` knows them, it is skipped. */
  readonly needs?: readonly Need[];
  /** A row that takes longer has missed; default 60 s. */
  readonly limitMs?: number;
  /** Does it, and tells what was seen. @throws Skip; any other error is a miss. */
  run(stage: Stage, seen: Findings): Promise<void>;
}

/** Features that a row may have to wait for, each by a configuration that uses it. */
export const needs = {
  resolver: 'resolver: 127.0.0.1:5353\nroutes: { /x: 1 }\n',
  workers: 'workers: 2\nroutes: { /x: 1 }\n',
  lane: 'lane: general\nroutes: { /x: 1 }\n',
  retries: 'routes: { /x: { to: 1, retries: { attempts: 3 } } }\n',
  ejection: 'routes: { /x: { to: 1, ejection: off } }\n',
  overload: 'overload: off\nroutes: { /x: 1 }\n',
  breaker: 'routes: { /x: { to: 1, breaker: { rate: 50% } } }\n',
} as const;

export type Need = keyof typeof needs;

/** The row can't be tried here; the message says why. */
export class Skip extends Error {}

export type Verdict = 'held' | 'missed' | 'skipped';

/** What became of a row. */
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
