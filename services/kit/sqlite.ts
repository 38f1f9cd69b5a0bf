import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/**
 * Opens `file` in `folder`, making both where they are missing. WAL with `synchronous=FULL`: when COMMIT returns, the
 * change is on the disk. `migrations[n]` leads from version n to n + 1, counted by `user_version`.
 * @throws Error for a database of a newer release than this one.
 */
export function openSqlite(folder: string, file: string, migrations: readonly string[]): DatabaseSync {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, file), { timeout: 5000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (found > migrations.length) {
    throw new Error(`${join(folder, file)} is of version ${found}, this release knows ${migrations.length}`);
  }
  for (let version = found; version < migrations.length; version += 1) {
    database.exec(`BEGIN; ${migrations[version]} PRAGMA user_version = ${version + 1}; COMMIT;`);
  }
  return database;
}

/**
 * Prepares a statement that is `run`. Its result always holds the last rowid, and FTS5 leaves rowids of its own there
 * that no double can hold; read as a number, such a one would fail a change that has succeeded.
 */
export function prepareChange(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  return statement;
}
