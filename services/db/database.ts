import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * One table of documents. `version` is the number of the change that wrote the document last, unique and growing
 * over all collections: it is the ETag, and the order of the change feed. A tombstone keeps the number of a deletion.
 */
const schema = `
  CREATE TABLE document (
    number INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL UNIQUE,
    updated_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (collection, id)
  ) STRICT;
  CREATE INDEX document_change ON document (collection, version);
  CREATE TABLE tombstone (
    version INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    UNIQUE (collection, id)
  ) STRICT;
  CREATE VIRTUAL TABLE document_text USING fts5 (
    content, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
  );
`;

const schemaVersion = 1;

/**
 * Opens `documents.sqlite` in `folder`, making both where they are missing. WAL with `synchronous=FULL`: when COMMIT
 * returns, the change is on the disk.
 * @throws Error for a database of a newer release than this one.
 */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'documents.sqlite'), { timeout: 5000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (found > schemaVersion) {
    throw new Error(`the database in ${folder} is of version ${found}, this release knows ${schemaVersion}`);
  }
  if (found === 0) database.exec(`BEGIN; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
  return database;
}
