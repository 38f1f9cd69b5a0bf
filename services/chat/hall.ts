import type { CommitQueue } from '../kit/commit-queue.ts';
import type { ChatMessage, MessageOrigin, MessageStore } from './message-store.ts';
import { createRoom, type Room } from './room.ts';

/** All rooms: they begin with the first who joins, and end (but for their messages) with the last who leaves. */
export interface Hall {
  readonly store: MessageStore;
  room(name: string): Room;
  /** Forgets a room that nobody is in. */
  release(name: string): void;
  /** Stores a message and, when it is durable, sends it to everybody in its room. */
  say(draft: Omit<ChatMessage, 'seq'>, origin: MessageOrigin): Promise<ChatMessage>;
  close(): void;
}

export function createHall(store: MessageStore, queue: CommitQueue): Hall {
  const rooms = new Map<string, Room>();
  return {
    store,
    room(name) {
      const room = rooms.get(name) ?? createRoom();
      rooms.set(name, room);
      return room;
    },
    release(name) {
      if (rooms.get(name)?.size !== 0) return;
      rooms.get(name)?.close();
      rooms.delete(name);
    },
    async say(draft, origin) {
      // The queue settles in the order of the commits, so that rooms hear messages in the order of `seq`.
      const { message, fresh } = await queue.commit(() => store.add(draft, origin));
      if (fresh) rooms.get(message.room)?.broadcast(message);
      return message;
    },
    close() {
      for (const room of rooms.values()) room.close();
    },
  };
}
