import type { DatabaseSync } from 'node:sqlite';
import { openSqlite, prepareChange } from '../kit/sqlite.ts';

/** What is known of a resumable upload beside its bytes. */
export interface UploadRecord {
  readonly id: string;
  /** Bytes of the whole file; `null`: the client will say it later. */
  readonly size: number | null;
  /** As the client sent it: base64 values are decoded. */
  readonly metadata: Readonly<Record<string, string | null>>;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Whether the file stands in the tree. */
  readonly finished: boolean;
}

export interface UploadRecords {
  get(id: string): UploadRecord | null;
  add(record: UploadRecord): void;
  setSize(id: string, size: number): void;
  finish(id: string): void;
  remove(id: string): void;
  all(): UploadRecord[];
  close(): void;
}

const schema = `
  CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    size INTEGER,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    finished INTEGER NOT NULL
  ) STRICT;
`;

export function openUploadRecords(folder: string): UploadRecords {
  const database = openSqlite(folder, 'uploads.sqlite', [schema]);
  const columns = 'SELECT id, size, metadata, created_at AS createdAt, finished FROM upload';
  const one = database.prepare(`${columns} WHERE id = ?`);
  const all = database.prepare(columns);
  const change = statements(database);
  return {
    get(id) {
      const row = one.get(id);
      return row ? toRecord(row) : null;
    },
    add({ id, size, metadata, createdAt, finished }) {
      change.add.run(id, size, JSON.stringify(metadata), createdAt, Number(finished));
    },
    setSize: (id, size) => void change.setSize.run(size, id),
    finish: (id) => void change.finish.run(id),
    remove: (id) => void change.remove.run(id),
    all: () => all.all().map(toRecord),
    close: () => database.close(),
  };
}

function statements(database: DatabaseSync) {
  return {
    add: prepareChange(database, 'INSERT INTO upload VALUES (?, ?, ?, ?, ?)'),
    setSize: prepareChange(database, 'UPDATE upload SET size = ? WHERE id = ?'),
    finish: prepareChange(database, 'UPDATE upload SET finished = 1 WHERE id = ?'),
    remove: prepareChange(database, 'DELETE FROM upload WHERE id = ?'),
  };
}

function toRecord(row: Record<string, unknown>): UploadRecord {
  return {
    id: String(row.id),
    size: row.size === null ? null : Number(row.size),
    metadata: JSON.parse(String(row.metadata)),
    createdAt: Number(row.createdAt),
    finished: row.finished === 1,
  };
}
