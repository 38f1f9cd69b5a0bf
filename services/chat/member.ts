import type { WebSocket } from 'ws';
import type { ChatMessage, MessageStore } from './message-store.ts';
import type { ServerFrame } from './protocol.ts';

/** One connection in one room. It gets every message after the last one that it had, in order, each once. */
export interface Member {
  readonly name: string;
  readonly client: string;
  readonly socket: WebSocket;
  /** `frame` is the message as it goes out, made once for all members. */
  deliver(message: ChatMessage, frame: Buffer): void;
  /** For what may be lost: presence, typing. Left out for a connection that is behind. */
  tell(frame: Buffer): void;
  /** Sends what the room has beyond `seq` and goes on with what comes. */
  catchUp(): void;
}

// Beyond this a connection is not fed from memory any more but reads from the store, at the pace of its reader.
const behindBytes = 256 * 1024;
const catchUpPage = 100;

export function createMember(
  store: MessageStore,
  room: string,
  who: Pick<Member, 'name' | 'client' | 'socket'>,
  after: number,
): Member {
  const { socket } = who;
  let seq = after;
  let catchingUp = false;
  function sendPage(): void {
    if (socket.readyState !== socket.OPEN) return;
    const page = store.after(room, seq, catchUpPage);
    const last = page.at(-1);
    catchingUp = last !== undefined;
    if (!last) return;
    seq = last.seq;
    const frames = page.map(messageFrame);
    for (const frame of frames.slice(0, -1)) sendText(socket, frame);
    // The callback comes when the bytes have left for the kernel: the next page waits for the reader.
    sendText(socket, frames.at(-1)!, sendPage);
  }
  return {
    ...who,
    deliver(message, frame) {
      if (catchingUp || message.seq <= seq) return;
      if (message.seq !== seq + 1 || socket.bufferedAmount > behindBytes) {
        catchingUp = true;
        // An empty frame behind all that is waiting: when it has left, the reader has caught up.
        socket.ping(undefined, undefined, () => sendPage());
        return;
      }
      seq = message.seq;
      sendText(socket, frame);
    },
    tell(frame) {
      if (!catchingUp && socket.bufferedAmount <= behindBytes) sendText(socket, frame);
    },
    catchUp: sendPage,
  };
}

export function messageFrame(message: ChatMessage): Buffer {
  return formatFrame({ type: 'message', ...message });
}

/** As bytes, which a room makes once for all its members. */
export function formatFrame(frame: ServerFrame): Buffer {
  return Buffer.from(JSON.stringify(frame));
}

export function sendText(socket: WebSocket, frame: Buffer, sent?: () => void): void {
  socket.send(frame, { binary: false }, () => sent?.());
}
