import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { FormatName } from './formats.ts';
import type { Original } from './original.ts';

/** The rows of the database. What changes them is called within the commit queue's transactions. */
export interface Catalogue {
  find(name: string): Original | null;
  /** At most `limit`, the newest first, from those that came before `sequence`. */
  list(before: number, limit: number): Original[];
  /** Puts a row in the place of the one with its name, at the head of the list. */
  put(draft: Omit<Original, 'sequence'>): Original;
  remove(name: string): void;
  files(): ReadonlySet<string>;
  /** Whether the samples were made once; they don't come back after they were deleted. */
  samplesMade(): boolean;
  noteSamples(): void;
}

type Row = Record<string, SQLOutputValue>;

export function createCatalogue(database: DatabaseSync): Catalogue {
  const byName = database.prepare('SELECT * FROM original WHERE name = ?');
  const newest = database.prepare('SELECT * FROM original WHERE sequence < ? ORDER BY sequence DESC LIMIT ?');
  const remove = database.prepare('DELETE FROM original WHERE name = ?');
  const insert = database.prepare(
    `INSERT INTO original (name, file, bytes, sha256, format, width, height, frames, alpha, uploaded)
     VALUES (:name, :file, :bytes, :sha256, :format, :width, :height, :frames, :alpha, :uploaded)`,
  );
  const files = database.prepare('SELECT file FROM original');
  const samples = database.prepare('SELECT at FROM samples_made');
  const noteSamples = database.prepare('INSERT INTO samples_made VALUES (?)');
  return {
    find(name) {
      const row = byName.get(name);
      return row ? originalOf(row) : null;
    },
    list: (before, limit) => newest.all(before, limit).map(originalOf),
    put(draft) {
      remove.run(draft.name);
      const { lastInsertRowid } = insert.run({ ...draft, alpha: Number(draft.alpha) });
      return { ...draft, sequence: Number(lastInsertRowid) };
    },
    remove: (name) => void remove.run(name),
    files: () => new Set(files.all().map((row) => String(row.file))),
    samplesMade: () => samples.get() !== undefined,
    noteSamples: () => void noteSamples.run(new Date().toISOString()),
  };
}

function originalOf(row: Row): Original {
  return {
    sequence: Number(row.sequence),
    name: String(row.name),
    file: String(row.file),
    bytes: Number(row.bytes),
    sha256: String(row.sha256),
    format: row.format as FormatName,
    width: Number(row.width),
    height: Number(row.height),
    frames: Number(row.frames),
    alpha: row.alpha === 1,
    uploaded: String(row.uploaded),
  };
}
