import type { DatabaseSync } from 'node:sqlite';
import { openSqlite } from '../kit/sqlite.ts';

/**
 * One table of documents. `version` is the number of the change that wrote the document last, unique and growing
 * over all collections: it is the ETag, and the order of the change feed. A tombstone keeps the number of a deletion. Tombstones
 * up to `feed_horizon` are gone: a reader of the feed that comes from before it has to begin anew.
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
  CREATE INDEX tombstone_change ON tombstone (collection, version);
  CREATE TABLE feed_horizon (version INTEGER NOT NULL) STRICT;
  INSERT INTO feed_horizon VALUES (0);
  CREATE VIRTUAL TABLE document_text USING fts5 (
    content, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
  );
`;

/** @throws Error for a database of a newer release than this one. */
export function openDatabase(folder: string): DatabaseSync {
  return openSqlite(folder, 'documents.sqlite', [schema]);
}
