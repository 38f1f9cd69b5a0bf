import type { DatabaseSync } from 'node:sqlite';
import { prepareChange } from '../kit/sqlite.ts';

/** The latest change of a document. A document that was changed several times has one row, with its newest version. */
export interface Change {
  readonly version: number;
  readonly collection: string;
  readonly id: string;
  /** JSON text; `null`: deleted. */
  readonly body: string | null;
}

/** The changes in their order, read from the documents themselves: resuming is possible from any version, however old. */
export interface ChangeLog {
  /** At most `limit` changes after `version`, of one collection or (`null`) of all. */
  after(version: number, collection: string | null, limit: number): Change[];
  /** Whether deletions after `version` may have been forgotten, or `version` is of another database. */
  isUnknown(version: number): boolean;
  lastVersion(): number;
  /** Forgets the oldest deletions beyond `keep`. Called within a transaction. */
  prune(keep: number): void;
}

export function createChangeLog(database: DatabaseSync, lastVersion: () => number): ChangeLog {
  const select = (filter: string) =>
    database.prepare(
      `SELECT version, collection, id, body FROM document WHERE ${filter} version > ?
       UNION ALL SELECT version, collection, id, NULL FROM tombstone WHERE ${filter} version > ?
       ORDER BY version LIMIT ?`,
    );
  const ofAll = select('');
  const ofOne = select('collection = ? AND');
  const horizon = database.prepare('SELECT version FROM feed_horizon');
  const oldestKept = database.prepare('SELECT version FROM tombstone ORDER BY version DESC LIMIT 1 OFFSET ?');
  const forget = prepareChange(database, 'DELETE FROM tombstone WHERE version <= ?');
  const moveHorizon = prepareChange(database, 'UPDATE feed_horizon SET version = ?');
  return {
    after(version, collection, limit) {
      const rows =
        collection === null
          ? ofAll.all(version, version, limit)
          : ofOne.all(collection, version, collection, version, limit);
      return rows as unknown as Change[];
    },
    isUnknown: (version) => version < Number(horizon.get()?.version) || version > lastVersion(),
    lastVersion,
    prune(keep) {
      const row = oldestKept.get(keep);
      if (!row) return;
      forget.run(Number(row.version));
      moveHorizon.run(Number(row.version));
    },
  };
}
