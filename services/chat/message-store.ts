import type { DatabaseSync } from 'node:sqlite';

export interface ChatMessage {
  readonly room: string;
  /** Counts from 1 in its room, without gaps. */
  readonly seq: number;
  readonly name: string;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Who sent a message, and under which name of its own; the two make sending it again harmless. */
export interface MessageOrigin {
  readonly client: string;
  readonly clientMessage: string;
}

export interface MessageStore {
  /** Called within the commit queue's transaction. `fresh` is false where the message was stored before. */
  add(
    draft: Omit<ChatMessage, 'seq'>,
    origin: MessageOrigin,
  ): { readonly message: ChatMessage; readonly fresh: boolean };
  /** At most `limit` messages that follow `seq`, oldest first. */
  after(room: string, seq: number, limit: number): ChatMessage[];
  /** At most `limit` messages before `seq`, oldest first. */
  before(room: string, seq: number, limit: number): ChatMessage[];
  lastSeq(room: string): number;
  rooms(): { readonly room: string; readonly messages: number }[];
}

const columns = 'room, seq, name, text, at';

export function createMessageStore(database: DatabaseSync): MessageStore {
  const known = database.prepare(
    `SELECT ${columns} FROM message WHERE client = ? AND room = ? AND client_message = ?`,
  );
  const insert = database.prepare(
    'INSERT INTO message (room, seq, name, text, at, client, client_message) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const last = database.prepare('SELECT coalesce(max(seq), 0) AS seq FROM message WHERE room = ?');
  const after = database.prepare(
    `SELECT ${columns} FROM message WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const before = database.prepare(
    `SELECT * FROM (SELECT ${columns} FROM message WHERE room = ? AND seq < ? ORDER BY seq DESC LIMIT ?) ORDER BY seq`,
  );
  const rooms = database.prepare(
    'SELECT room, max(seq) AS messages FROM message GROUP BY room ORDER BY room LIMIT 1000',
  );
  const lastSeq = (room: string) => Number(last.get(room)?.seq);
  return {
    add(draft, { client, clientMessage }) {
      const stored = known.get(client, draft.room, clientMessage) as unknown as ChatMessage | undefined;
      if (stored) return { message: stored, fresh: false };
      const message = { ...draft, seq: lastSeq(draft.room) + 1 };
      insert.run(message.room, message.seq, message.name, message.text, message.at, client, clientMessage);
      return { message, fresh: true };
    },
    after: (room, seq, limit) => after.all(room, seq, limit) as unknown as ChatMessage[],
    before: (room, seq, limit) => before.all(room, seq, limit) as unknown as ChatMessage[],
    lastSeq,
    rooms: () => rooms.all() as unknown as ReturnType<MessageStore['rooms']>,
  };
}
