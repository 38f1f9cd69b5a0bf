import type { DatabaseSync } from 'node:sqlite';
import { openSqlite } from '../kit/sqlite.ts';

/**
 * Messages count 1, 2, 3 … in their room, so that a client sees whether it has all of them. A client names each of its
 * messages, so that one that is sent again after a lost connection is stored once.
 */
const schema = `
  CREATE TABLE message (
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    client_message TEXT NOT NULL,
    PRIMARY KEY (room, seq),
    UNIQUE (client, room, client_message)
  ) STRICT, WITHOUT ROWID;
`;

export function openDatabase(folder: string): DatabaseSync {
  return openSqlite(folder, 'chat.sqlite', [schema]);
}
