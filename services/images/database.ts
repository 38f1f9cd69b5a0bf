import type { DatabaseSync } from 'node:sqlite';
import { openSqlite } from '../kit/sqlite.ts';

/** One row for each name. The bytes are a file of their own; a row is written when its file is on the disk. */
const schema = `
  CREATE TABLE original (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    alpha INTEGER NOT NULL,
    uploaded TEXT NOT NULL
  ) STRICT;
  CREATE TABLE samples_made (at TEXT NOT NULL) STRICT;
`;

export function openDatabase(folder: string): DatabaseSync {
  return openSqlite(folder, 'images.sqlite', [schema]);
}
