import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Opens the SQLite file of a cache, or creates it. A damaged file is created anew: its content can be fetched from the service again.
 *
 * @param signature entries of another signature are dropped: the route had another meaning then
 * @param prepare fails if tables or indexes are missing
 * @throws if the file can't be used, another process has it open, or it belongs to another program, in which case it is left alone
 */
export function openCacheFile<T>(
  file: string,
  signature: string,
  prepare: (database: DatabaseSync) => T,
): { readonly database: DatabaseSync; readonly sql: T } {
  mkdirSync(dirname(file), { recursive: true });
  try {
    return opened(file, signature, prepare);
  } catch (cause) {
    if (!(isDamage(cause) || isOtherLayout(cause)) || !isOurs(file)) throw cause;
    removeCacheFile(file);
    return opened(file, signature, prepare);
  }
}

/** Of a cache that has been closed. */
export function removeCacheFile(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}

function opened<T>(file: string, signature: string, prepare: (database: DatabaseSync) => T) {
  const database = new DatabaseSync(file);
  try {
    refuseStranger(database);
    // Of a new file. A body of some MiB costs half as much to write and read as in SQLite's own 4 KiB, and a small one the same.
    database.exec('PRAGMA page_size = 16384');
    // Two processes that write one file would each keep it within bounds of its own.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
    // A power cut may cost the newest entries; it must not leave pages of one in the body of another.
    database.exec('PRAGMA synchronous = NORMAL');
    claim(database, `${LAYOUT} ${signature}`);
    // Damaged weights would falsify the sum that bounds the cache.
    database.exec(
      `DELETE FROM entry WHERE typeof(weight) <> 'integer' OR weight NOT BETWEEN 0 AND ${WEIGHT_MAX}`,
    );
    return { database, sql: prepare(database) };
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function refuseStranger(database: DatabaseSync): void {
  const owner = database.prepare('PRAGMA application_id').get()?.application_id;
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_master').get()!;
  if (tables !== 0 && owner !== APPLICATION_ID) throw new Error('it is the database of another program');
}

function claim(database: DatabaseSync, signature: string): void {
  database.exec(
    `PRAGMA application_id = ${APPLICATION_ID}; CREATE TABLE IF NOT EXISTS kept_for (signature TEXT)`,
  );
  if (database.prepare('SELECT signature FROM kept_for').get()?.signature === signature) return;
  database.exec('BEGIN; DROP TABLE IF EXISTS entry; DROP TABLE IF EXISTS grouped; DELETE FROM kept_for');
  database.prepare('INSERT INTO kept_for VALUES (?)').run(signature);
  database.exec(`${TABLE}; COMMIT; VACUUM`);
}

/** Damage that SQLite does not detect: indexes are not compared with their tables. */
export class DamagedFile extends Error {}

/** SQLITE_CORRUPT, SQLITE_NOTADB and, for duplicates, SQLITE_CONSTRAINT. */
export function isDamage(cause: unknown): boolean {
  return cause instanceof DamagedFile || [11, 26, 19].includes(codeOf(cause));
}

/** SQLITE_ERROR, of a table that is not there. */
function isOtherLayout(cause: unknown): boolean {
  return codeOf(cause) === 1;
}

/** The primary result code, without its extension. */
function codeOf(cause: unknown): number {
  const { errcode = 0 } = cause as { errcode?: number };
  return errcode & 0xff;
}

/** By the application id in the header (https://www.sqlite.org/fileformat.html, offset 68), which may be all that can still be read. */
function isOurs(file: string): boolean {
  const header = Buffer.alloc(4);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, 4, 68);
  } finally {
    closeSync(descriptor);
  }
  return header.readUInt32BE() === APPLICATION_ID;
}

/** "pway", by which we know our own files. */
const APPLICATION_ID = 0x70776179;
const LAYOUT = 4;
/** Far above every real weight, and thousands of them still sum up exactly in JavaScript. */
const WEIGHT_MAX = 2 ** 40;

/** The body stands last, so that reading the rest does not walk through its pages. */
const TABLE = `
  CREATE TABLE entry (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL, origin TEXT NOT NULL, path TEXT NOT NULL, vary TEXT,
    deleteAt REAL NOT NULL, usedAt REAL NOT NULL, weight INTEGER NOT NULL, value TEXT NOT NULL,
    checksum INTEGER NOT NULL, body BLOB NOT NULL
  );
  CREATE TABLE grouped (name TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (name, id)) WITHOUT ROWID;
  CREATE INDEX grouped_entry ON grouped (id);
  CREATE TRIGGER entry_gone AFTER DELETE ON entry BEGIN DELETE FROM grouped WHERE id = old.id; END;
  CREATE INDEX entry_url ON entry (path, origin);
  CREATE INDEX entry_place ON entry (place);
  CREATE INDEX entry_use ON entry (usedAt)`;
