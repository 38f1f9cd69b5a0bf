/** Clients of what the fleet speaks beside plain HTTP requests. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Sends all bytes and the end. @returns what comes back until the other end */
export async function exchangeTcp(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.setTimeout(10_000, () => socket.destroy(new Error('silent for 10 s')));
  const answer = buffer(socket);
  socket.end(bytes);
  return answer;
}

/** Sends a datagram until one comes back, since UDP may lose it. @throws after 10 s */
export async function exchangeUdp(port: number, content: string): Promise<string> {
  const socket = createSocket('udp4');
  const send = () => socket.send(content, port, '127.0.0.1');
  const again = setInterval(send, 500);
  try {
    const answer = once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
    send();
    return String((await answer)[0]);
  } finally {
    clearInterval(again);
    socket.close();
  }
}

/** Joins a room of the chat and says something. @returns the message as everybody in the room hears it */
export async function sayInRoom(url: string, text: string): Promise<unknown> {
  const socket = new WebSocket(url);
  const heard = new Promise<unknown>((resolve, reject) => {
    socket.onerror = (event) => reject(new Error(`the WebSocket failed: ${(event as ErrorEvent).message}`));
    socket.onclose = ({ code }) => reject(new Error(`the WebSocket was closed with ${code}`));
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(String(data)) as { type: string };
      if (frame.type === 'joined') socket.send(JSON.stringify({ type: 'say', id: 'one', text }));
      if (frame.type === 'message') resolve(frame);
    };
  });
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: 'join', room: 'docker', name: 'Ada', client: 'ada', after: null }));
  try {
    return await heard;
  } finally {
    socket.close();
  }
}
