import type { RawData, WebSocket } from 'ws';
import type { Logger } from '../kit/log.ts';
import { Problem } from '../kit/problem.ts';
import type { Hall } from './hall.ts';
import { createMember, formatFrame, type Member, sendText } from './member.ts';
import { type ClientFrame, FrameError, parseClientFrame, type ServerFrame } from './protocol.ts';

// What a person can type, with room for pasting; a connection that goes on far beyond it is closed.
const sayLimit = { burst: 20, perSecond: 5 };
const frameLimit = { burst: 200, perSecond: 50 };
const typingLimit = { burst: 1, perSecond: 0.5 };
const newestOnJoin = 50;
const historyPage = 50;

interface Joined {
  readonly room: string;
  readonly member: Member;
}

/** Speaks the protocol with one WebSocket until it closes. Nothing that a client sends can end more than its own connection. */
export function serveConnection(socket: WebSocket, hall: Hall, log: Logger): void {
  const frames = createTokenBucket(frameLimit);
  const says = createTokenBucket(sayLimit);
  const typings = createTokenBucket(typingLimit);
  let joined: Joined | null = null;
  const send = (frame: ServerFrame) => sendText(socket, formatFrame(frame));

  function leave(): void {
    if (!joined) return;
    hall.room(joined.room).remove(joined.member);
    hall.release(joined.room);
    joined = null;
  }

  async function follow(frame: ClientFrame): Promise<void> {
    switch (frame.type) {
      case 'join':
        leave();
        joined = join(socket, hall, frame);
        return;
      case 'say':
        return say(requireJoined(joined), frame);
      case 'history':
        return send({
          type: 'history',
          messages: hall.store.before(requireJoined(joined).room, frame.before, historyPage),
        });
      case 'typing':
        if (typings.take().ok) hall.room(requireJoined(joined).room).typing(requireJoined(joined).member);
        return;
      case 'ping':
        return send({ type: 'pong' });
    }
  }

  async function say({ room, member }: Joined, frame: ClientFrame & { type: 'say' }): Promise<void> {
    const permit = says.take();
    if (!permit.ok) {
      throw new FrameError('too_fast', `That is too fast; say it again in ${permit.retryMs} ms.`, frame.id);
    }
    const origin = { client: member.client, clientMessage: frame.id };
    const message = await hall.say({ room, name: member.name, text: frame.text, at: Date.now() }, origin);
    send({ type: 'said', id: frame.id, seq: message.seq });
  }

  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) return socket.close(1003, 'only text is understood');
    if (!frames.take().ok) return socket.close(1008, 'too many frames');
    handle(data.toString(), follow).catch((error) => send(describeError(error, log)));
  });
  socket.on('close', leave);
  // Protocol errors and too large frames: ws closes the connection by itself, with the right code.
  socket.on('error', (error) => log.debug({ err: error }, 'a WebSocket failed'));
}

async function handle(text: string, follow: (frame: ClientFrame) => Promise<void>): Promise<void> {
  await follow(parseClientFrame(text));
}

function join(socket: WebSocket, hall: Hall, frame: ClientFrame & { type: 'join' }): Joined {
  const { room, name, client } = frame;
  const last = hall.store.lastSeq(room);
  const after = frame.after === null ? Math.max(0, last - newestOnJoin) : Math.min(frame.after, last);
  const member = createMember(hall.store, room, { name, client, socket }, after);
  try {
    hall.room(room).add(member);
  } finally {
    hall.release(room);
  }
  sendText(socket, formatFrame({ type: 'joined', room, name, last, people: hall.room(room).names() }));
  member.catchUp();
  return { room, member };
}

function requireJoined(joined: Joined | null): Joined {
  if (joined) return joined;
  throw new FrameError('not_joined', 'Send a "join" frame first.');
}

function describeError(error: unknown, log: Logger): ServerFrame {
  if (error instanceof FrameError) {
    const { code, message, id } = error;
    return { type: 'error', code, detail: message, ...(id === undefined ? {} : { id }) };
  }
  if (error instanceof Problem) return { type: 'error', code: error.code, detail: error.message };
  log.error({ err: error }, 'a frame failed');
  return { type: 'error', code: 'internal', detail: 'The service failed on this frame.' };
}

/** How much may still be sent: `burst` at once, then `perSecond`. Counts time by a clock that never goes back. */
interface TokenBucket {
  /** Takes one; or says in how many milliseconds there will be one. */
  take(): { readonly ok: true } | { readonly ok: false; readonly retryMs: number };
}

function createTokenBucket(
  limit: { readonly burst: number; readonly perSecond: number },
  now: () => number = () => performance.now(),
): TokenBucket {
  let tokens = limit.burst;
  let at = now();
  return {
    take() {
      const elapsed = now() - at;
      at += elapsed;
      tokens = Math.min(limit.burst, tokens + (elapsed / 1000) * limit.perSecond);
      if (tokens < 1) return { ok: false, retryMs: Math.ceil(((1 - tokens) / limit.perSecond) * 1000) };
      tokens -= 1;
      return { ok: true };
    },
  };
}
