import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { DamagedFile, isDamage, openCacheFile, removeCacheFile } from './cache-file.ts';
import {
  type CacheUrl,
  type Chosen,
  crowdedOut,
  type Entries,
  type Entry,
  type FieldMap,
  isCoded,
  placeOf,
  weightOf,
} from './entry.ts';
import { Selecting } from './vary.ts';

export interface FileOptions {
  readonly file: string;
  readonly maxBytes: number;
  /** Entries of another signature are dropped: the route had another meaning then. */
  readonly signature: string;
}

/** Entries in an SQLite file, which outlive a restart. One process at a time has the file. */
export class FileEntries implements Entries {
  readonly #options: FileOptions;
  readonly #maxBytes: number;
  #database: DatabaseSync;
  #sql: Statements;
  #bytes = 0;
  #count = 0;

  /** @throws when the file can't be used, or belongs to another program. */
  constructor(options: FileOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
    const { database, sql } = openCacheFile(options.file, options.signature, prepare);
    this.#database = database;
    this.#sql = sql;
    try {
      this.#recount();
      this.shrinkTo(options.maxBytes);
    } catch (cause) {
      // It would stay locked.
      this.close();
      throw cause;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  find(url: CacheUrl, fields: FieldMap): Entry | undefined {
    return this.#whole(() => this.#find(url, fields));
  }

  #find(url: CacheUrl, fields: FieldMap): Entry | undefined {
    const selecting = new Selecting(fields);
    const row = this.#rowsOf(url).find(({ vary }) => selecting.fits(vary));
    if (row === undefined) return undefined;
    const now = Date.now();
    if (row.deleteAt <= now) return void this.#write(() => this.#remove(row));
    // Written once in a while only, so that a hit is no write.
    if (row.usedAt < now - USE_STEP_MS) this.#used(row, now);
    const { vary, value, body, checksum } = this.#load(row);
    const bytes = body ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : Buffer.alloc(0);
    if (checksum !== checksumOf(url, vary, value, bytes)) return void this.#write(() => this.#remove(row));
    return { ...(JSON.parse(value) as Omit<Entry, 'body' | keyof CacheUrl>), ...url, body: bytes };
  }

  #load({ id }: Row): Stored {
    const stored = this.#sql.load.get(id) as Stored | undefined;
    if (stored === undefined) throw new DamagedFile('an entry is in an index alone');
    return stored;
  }

  #used({ id }: Row, now: number): void {
    try {
      this.#sql.use.run(now, id);
    } catch {
      // A full disk, for one, can be read all the same.
    }
  }

  variesBy(url: CacheUrl): ReadonlySet<string> | undefined {
    const rows = this.#whole(() => this.#rowsOf(url));
    if (rows.length === 0) return undefined;
    return new Set(rows.flatMap(({ vary }) => Object.keys(vary ?? {})));
  }

  put(entry: Entry, fields: FieldMap): boolean {
    const weight = weightOf(entry);
    const selecting = new Selecting(fields);
    this.#whole(() => this.#write(() => this.#replace(entry, selecting, weight)));
    return weight <= this.#maxBytes;
  }

  #replace(entry: Entry, selecting: Selecting, weight: number): void {
    for (const row of this.#rowsOf(entry)) if (selecting.fits(row.vary)) this.#remove(row);
    for (const row of crowdedOut(this.#rowsOf(entry), entry.vary)) this.#remove(row);
    if (weight > this.#maxBytes) return;
    this.#makeRoom(this.#maxBytes - weight);
    this.#insert(entry, weight);
  }

  #insert({ origin, path, body, ...value }: Entry, weight: number): void {
    const vary = value.vary === undefined ? null : JSON.stringify(value.vary);
    const [head, now] = [JSON.stringify(value), Date.now()];
    const checksum = checksumOf({ origin, path }, vary, head, body);
    this.#sql.insert.run(
      placeOf(path),
      origin,
      path,
      vary,
      value.deleteAt,
      now,
      weight,
      head,
      checksum,
      body,
    );
    const { id } = this.#sql.newest.get() as { id: number };
    for (const group of value.groups) this.#sql.group.run(group, id);
    this.#bytes += weight;
    this.#count++;
  }

  shrinkTo(maxBytes: number): void {
    if (this.#bytes <= maxBytes) return;
    try {
      this.#whole(() => this.#write(() => this.#makeRoom(maxBytes)));
    } catch (cause) {
      // A file that was made anew has room enough.
      if (!isDamage(cause)) throw cause;
    }
  }

  #makeRoom(maxBytes: number): void {
    while (this.#bytes > maxBytes && this.#count > 0) {
      const oldest = this.#sql.oldest.all() as unknown as Row[];
      if (oldest.length === 0) throw new DamagedFile('entries are missing in an index');
      for (const row of oldest) if (this.#bytes > maxBytes) this.#remove(row);
    }
  }

  forget(matches: (url: CacheUrl) => boolean, place?: string): number {
    return this.#forget(matches, () => (place === undefined ? this.#sql.all.all() : this.#sql.at.all(place)));
  }

  forgetGroup(group: string, matches: (url: CacheUrl) => boolean): number {
    return this.#forget(matches, () => this.#sql.inGroup.all(group));
  }

  #forget(matches: (url: CacheUrl) => boolean, among: () => unknown[]): number {
    return this.#surely(() => {
      const rows = (among() as (CacheUrl & Row)[]).filter(matches);
      this.#removeAll(rows);
      return new Set(rows.filter((row) => !isCoded(row)).map(({ origin, path }) => origin + path)).size;
    });
  }

  /** Forgets for sure: if entries can't be found or deleted, for example on a full disk, the whole file goes. */
  #surely(forget: () => number): number {
    const count = this.#count;
    try {
      return forget();
    } catch {
      this.#renew();
      return count;
    }
  }

  #removeAll(rows: readonly Pick<Row, 'id' | 'weight'>[]): void {
    if (rows.length === 0) return;
    this.#write(() => {
      for (const row of rows) this.#remove(row);
    });
  }

  /** A file that turns out to be damaged is made anew: nothing might be kept in it otherwise, as long as it is open. */
  #whole<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (isDamage(cause)) this.#renew();
      throw cause;
    }
  }

  #renew(): void {
    const { file, signature } = this.#options;
    this.close();
    removeCacheFile(file);
    const { database, sql } = openCacheFile(file, signature, prepare);
    this.#database = database;
    this.#sql = sql;
    this.#recount();
  }

  #rowsOf({ origin, path }: CacheUrl): Row[] {
    const rows = this.#sql.variants.all(origin, path) as unknown as (Omit<Row, 'vary'> & {
      vary: string | null;
    })[];
    return rows.map((row) => ({ ...row, vary: chosenOf(row.vary) }));
  }

  #remove({ id, weight }: Pick<Row, 'id' | 'weight'>): void {
    this.#sql.remove.run(id);
    this.#bytes -= weight;
    this.#count--;
  }

  /** One transaction: a full disk in the middle leaves the old state. */
  #write(work: () => void): undefined {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#recount();
      throw cause;
    }
  }

  #recount(): void {
    const { bytes, count } = this.#sql.total.get() as { bytes: number; count: number };
    this.#bytes = bytes;
    this.#count = count;
  }

  /** Also where it could not be made anew, and is closed already. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
    this.#bytes = this.#count = 0;
  }
}

function chosenOf(vary: string | null): Chosen | undefined {
  if (vary === null) return undefined;
  try {
    return JSON.parse(vary) as Chosen;
  } catch {
    return DAMAGED;
  }
}

/** No request has such a field. */
const DAMAGED: Chosen = { '': '' };

/** A variant, without its large columns. */
interface Row {
  readonly id: number;
  readonly vary: Entry['vary'];
  readonly deleteAt: number;
  readonly usedAt: number;
  readonly weight: number;
}

/** The rest of it. */
interface Stored {
  readonly vary: string | null;
  readonly value: string;
  readonly body: Uint8Array | null;
  readonly checksum: number;
}

/** SQLite sees that a page is damaged, and not that a byte in a value is: a disk that lies must not put words into a service's mouth. */
function checksumOf({ origin, path }: CacheUrl, vary: string | null, value: string, body: Buffer): number {
  return crc32(body, crc32([origin, path, vary ?? '', value].join('\0')));
}

const USE_STEP_MS = 60_000;

type Statements = Readonly<
  Record<
    | 'variants'
    | 'load'
    | 'use'
    | 'insert'
    | 'newest'
    | 'group'
    | 'inGroup'
    | 'remove'
    | 'oldest'
    | 'all'
    | 'at'
    | 'total',
    StatementSync
  >
>;

function prepare(database: DatabaseSync): Statements {
  return {
    variants: database.prepare(
      'SELECT id, vary, deleteAt, usedAt, weight FROM entry WHERE origin = ? AND path = ? ORDER BY id',
    ),
    load: database.prepare('SELECT vary, value, checksum, body FROM entry WHERE id = ?'),
    use: database.prepare('UPDATE entry SET usedAt = ? WHERE id = ?'),
    insert: database.prepare(
      `INSERT INTO entry (place, origin, path, vary, deleteAt, usedAt, weight, value, checksum, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    newest: database.prepare('SELECT last_insert_rowid() AS id'),
    group: database.prepare('INSERT INTO grouped VALUES (?, ?)'),
    inGroup: database.prepare(
      'SELECT entry.id, weight, origin, path FROM grouped JOIN entry USING (id) WHERE name = ?',
    ),
    remove: database.prepare('DELETE FROM entry WHERE id = ?'),
    oldest: database.prepare('SELECT id, weight FROM entry ORDER BY usedAt, id LIMIT 64'),
    all: database.prepare('SELECT id, weight, origin, path FROM entry'),
    at: database.prepare('SELECT id, weight, origin, path FROM entry WHERE place = ?'),
    total: database.prepare('SELECT coalesce(sum(weight), 0) AS bytes, count(*) AS count FROM entry'),
  };
}
