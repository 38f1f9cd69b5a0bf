import type { DatabaseSync } from 'node:sqlite';
import { prepareChange } from '../kit/sqlite.ts';
import { searchableText } from './search.ts';

export interface StoredDocument {
  readonly collection: string;
  readonly id: string;
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  /** JSON text of an object whose member `id` is this document's id. */
  readonly body: string;
}

/** Strong: a version is the number of one change and never used again, even when a document is deleted and made anew. */
export function etagOf({ version }: Pick<StoredDocument, 'version'>): string {
  return `"${version}"`;
}

/** The documents, one statement each. Writing methods are called within the commit queue's transaction. */
export interface DocumentStore {
  read(collection: string, id: string): StoredDocument | null;
  /** Creates or replaces. */
  write(collection: string, id: string, body: string): StoredDocument;
  /** The document must be there. */
  remove(document: StoredDocument): void;
  collections(): { readonly name: string; readonly documents: number }[];
  /** The number of the newest change; 0 in an empty database. */
  lastVersion(): number;
}

const columns = 'collection, id, version, updated_at AS updatedAt, body';

export function createDocumentStore(database: DatabaseSync): DocumentStore {
  const read = database.prepare(`SELECT ${columns} FROM document WHERE collection = ? AND id = ?`);
  const upsert = database.prepare(
    `INSERT INTO document (collection, id, version, updated_at, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (collection, id)
     DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at, body = excluded.body
     RETURNING number`,
  );
  const remove = database.prepare('DELETE FROM document WHERE collection = ? AND id = ? RETURNING number');
  const bury = prepareChange(database, 'INSERT INTO tombstone (version, collection, id) VALUES (?, ?, ?)');
  const unbury = prepareChange(database, 'DELETE FROM tombstone WHERE collection = ? AND id = ?');
  const index = prepareChange(
    database,
    'INSERT OR REPLACE INTO document_text (rowid, content) VALUES (?, ?)',
  );
  const unindex = prepareChange(database, 'DELETE FROM document_text WHERE rowid = ?');
  const collections = database.prepare(
    'SELECT collection AS name, count(*) AS documents FROM document GROUP BY collection ORDER BY collection',
  );
  const lastVersion = database.prepare(
    `SELECT max(coalesce((SELECT max(version) FROM document), 0),
                coalesce((SELECT max(version) FROM tombstone), 0)) AS version`,
  );
  const newest = () => Number(lastVersion.get()?.version);
  return {
    read: (collection, id) => (read.get(collection, id) as StoredDocument | undefined) ?? null,
    write(collection, id, body) {
      const version = newest() + 1;
      const updatedAt = Date.now();
      const row = upsert.get(collection, id, version, updatedAt, body);
      unbury.run(collection, id);
      index.run(Number(row?.number), searchableText(body));
      return { collection, id, version, updatedAt, body };
    },
    remove({ collection, id }) {
      bury.run(newest() + 1, collection, id);
      unindex.run(Number(remove.get(collection, id)?.number));
    },
    collections: () => collections.all() as unknown as ReturnType<DocumentStore['collections']>,
    lastVersion: newest,
  };
}
