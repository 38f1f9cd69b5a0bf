import { WebSocket } from 'ws';

interface Frame {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A chat client that remembers all it heard, in order. */
export interface ChatClient {
  readonly socket: WebSocket;
  readonly heard: readonly Frame[];
  send(frame: object | string): void;
  /** The first frame that fits, which is there or comes. */
  until(fits: (frame: Frame) => boolean): Promise<Frame>;
  untilType(type: string): Promise<Frame>;
  join(room: string, name: string, more?: object): Promise<Frame>;
  /** Resolves when the message is acknowledged. */
  say(id: string, text: string): Promise<Frame>;
  texts(): unknown[];
  closed(): Promise<number>;
}

export async function connectChat(url: string, options: { origin?: string } = {}): Promise<ChatClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, options);
  const heard: Frame[] = [];
  const waiting = new Set<() => void>();
  const close = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('message', (data) => {
    heard.push(JSON.parse(data.toString()));
    for (const check of waiting) check();
  });
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  socket.removeAllListeners('error').on('error', () => socket.terminate());
  const send = (frame: object | string) =>
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  const until = (fits: (frame: Frame) => boolean) =>
    new Promise<Frame>((resolve, reject) => {
      const check = () => {
        const frame = heard.find(fits);
        if (!frame) return;
        waiting.delete(check);
        resolve(frame);
      };
      waiting.add(check);
      close.then(() => reject(new Error(`closed; heard ${JSON.stringify(heard.slice(-5))}`)));
      check();
    });
  const untilType = (type: string) => until((frame) => frame.type === type);
  return {
    socket,
    heard,
    send,
    until,
    untilType,
    join(room, name, more = {}) {
      send({ type: 'join', room, name, client: name, ...more });
      return untilType('joined');
    },
    say(id, text) {
      send({ type: 'say', id, text });
      return until((frame) => frame.type === 'said' && frame.id === id);
    },
    texts: () => heard.filter((frame) => frame.type === 'message').map((frame) => frame.text),
    closed: () => close,
  };
}
