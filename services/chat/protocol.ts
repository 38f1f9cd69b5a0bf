import type { ChatMessage } from './message-store.ts';

/** What a client says: one JSON object in a text frame. */
export type ClientFrame =
  | {
      readonly type: 'join';
      readonly room: string;
      readonly name: string;
      /** Made by the client once and kept: it is how a connection that comes again is known for the same person. */
      readonly client: string;
      /** The `seq` up to which the client has the room's messages; `null`: the newest will do. */
      readonly after: number | null;
    }
  | { readonly type: 'say'; readonly id: string; readonly text: string }
  | { readonly type: 'history'; readonly before: number }
  | { readonly type: 'typing' }
  | { readonly type: 'ping' };

/** What the service says. */
export type ServerFrame =
  | {
      readonly type: 'joined';
      readonly room: string;
      readonly name: string;
      readonly last: number;
      readonly people: readonly string[];
    }
  | ({ readonly type: 'message' } & ChatMessage)
  | { readonly type: 'history'; readonly messages: readonly ChatMessage[] }
  | { readonly type: 'said'; readonly id: string; readonly seq: number }
  | {
      readonly type: 'presence';
      readonly came: readonly string[];
      readonly left: readonly string[];
      readonly count: number;
    }
  | { readonly type: 'typing'; readonly name: string }
  | { readonly type: 'pong' }
  | { readonly type: 'error'; readonly code: string; readonly detail: string; readonly id?: string };

/** A frame that can't be followed. The connection goes on; `id` names the message that was refused. */
export class FrameError extends Error {
  readonly code: string;
  readonly id: string | undefined;
  constructor(code: string, detail: string, id?: string) {
    super(detail);
    this.code = code;
    this.id = id;
  }
}

const textMaxLength = 4000;
const roomPattern = /^[\p{L}\p{N}][\p{L}\p{N} _.-]{0,39}$/u;
const namePattern = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,32}$/u;
const tokenPattern = /^[\w-]{1,64}$/;

/** @throws FrameError for anything but a frame of the protocol. */
export function parseClientFrame(text: string): ClientFrame {
  const frame = parseObject(text);
  switch (frame.type) {
    case 'join':
      return parseJoin(frame);
    case 'say':
      return parseSay(frame);
    case 'history':
      return { type: 'history', before: parseSeq(frame.before, 'before') };
    case 'typing':
    case 'ping':
      return { type: frame.type };
    default:
      throw new FrameError('unknown_type', 'Expected "type" to be join, say, history, typing or ping.');
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch {
    // Invalid JSON and JSON that is no object get the same error below.
  }
  throw new FrameError('bad_frame', 'Expected a JSON object.');
}

function parseJoin(frame: Fields): ClientFrame {
  const { room, client } = frame;
  const name = typeof frame.name === 'string' ? frame.name.normalize('NFC').trim() : '';
  if (typeof room !== 'string' || !roomPattern.test(room) || room.endsWith(' ')) {
    throw new FrameError(
      'bad_room',
      'A room is named by a letter or digit and up to 39 more letters, digits, spaces, _ . -',
    );
  }
  if (!namePattern.test(name)) throw new FrameError('bad_name', 'A name has 1 to 32 characters.');
  if (typeof client !== 'string' || !tokenPattern.test(client)) {
    throw new FrameError('bad_client', 'Expected "client" to be 1 to 64 letters, digits, _ or -');
  }
  const after = frame.after === undefined || frame.after === null ? null : parseSeq(frame.after, 'after');
  return { type: 'join', room: room.normalize('NFC'), name, client, after };
}

function parseSay(frame: Fields): ClientFrame {
  const { id, text } = frame;
  if (typeof id !== 'string' || !tokenPattern.test(id)) {
    throw new FrameError('bad_id', 'Expected "id" to be 1 to 64 letters, digits, _ or -');
  }
  if (typeof text !== 'string' || text.trim() === '')
    throw new FrameError('empty', 'There is no text to say.', id);
  if (text.length > textMaxLength) {
    throw new FrameError(
      'too_long',
      `A message has at most ${textMaxLength} characters, this one ${text.length}.`,
      id,
    );
  }
  return { type: 'say', id, text: text.toWellFormed() };
}

function parseSeq(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new FrameError('bad_seq', `Expected "${name}" to be a whole number of 0 or more.`);
}
