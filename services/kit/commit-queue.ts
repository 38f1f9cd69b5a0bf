import type { DatabaseSync } from 'node:sqlite';
import { Problem } from './problem.ts';

/**
 * Group commit: what arrives while the disk is busy shares the next transaction, so that eight writers wait for one
 * fsync instead of eight. Each piece of work stands in a savepoint of its own: its failure takes back nothing else.
 */
export interface CommitQueue {
  /**
   * Runs `work` in a transaction and resolves with its result when that is durable.
   * Rejects with what `work` threw (nothing of it was written), or with a Problem 507 or 503 where the commit failed.
   */
  commit<T>(work: () => T): Promise<T>;
  /** Called after each transaction, before those who wait for it go on. */
  onCommit(listener: () => void): void;
  /** Resolves when all that was given before is done. */
  idle(): Promise<void>;
}

interface Entry {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly entry: Entry } & ({ readonly value: unknown } | { readonly error: unknown });

const entriesPerTransaction = 1000;

export function createCommitQueue(database: DatabaseSync): CommitQueue {
  const waiting: Entry[] = [];
  const listeners: (() => void)[] = [];
  function flush(): void {
    const entries = waiting.splice(0, entriesPerTransaction);
    const outcomes = runTransaction(database, entries);
    if (outcomes.some((outcome) => 'value' in outcome)) for (const listener of listeners) listener();
    for (const outcome of outcomes) settle(outcome);
    if (waiting.length > 0) setImmediate(flush);
  }
  const commit: CommitQueue['commit'] = (work) =>
    new Promise((resolve, reject) => {
      waiting.push({ work, resolve, reject });
      if (waiting.length === 1) setImmediate(flush);
    });
  return {
    commit,
    onCommit: (listener) => void listeners.push(listener),
    idle: () => commit(() => undefined),
  };
}

function runTransaction(database: DatabaseSync, entries: readonly Entry[]): Outcome[] {
  try {
    database.exec('BEGIN IMMEDIATE');
    const outcomes = entries.map((entry) => runEntry(database, entry));
    database.exec('COMMIT');
    return outcomes;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    return entries.map((entry) => ({ entry, error: storageProblem(error) }));
  }
}

function runEntry(database: DatabaseSync, entry: Entry): Outcome {
  database.exec('SAVEPOINT entry');
  try {
    const value = entry.work();
    database.exec('RELEASE entry');
    return { entry, value };
  } catch (error) {
    // A full disk makes SQLite roll the whole transaction back; then there is no savepoint to go back to.
    if (!database.isTransaction) throw error;
    database.exec('ROLLBACK TO entry; RELEASE entry');
    return { entry, error: storageProblem(error) };
  }
}

function settle(outcome: Outcome): void {
  if ('value' in outcome) outcome.entry.resolve(outcome.value as never);
  else outcome.entry.reject(outcome.error);
}

const sqliteBusy = 5;
const sqliteFull = 13;

function storageProblem(error: unknown): unknown {
  const code = Number((error as { errcode?: number }).errcode) & 0xff;
  if (code === sqliteFull) {
    return new Problem(507, 'storage_full', 'The disk is full. Nothing of this request was written.');
  }
  if (code === sqliteBusy) {
    return new Problem(503, 'storage_busy', 'The database is in use by another process. Try again.', {
      headers: { 'retry-after': '1' },
    });
  }
  return error;
}
