import type { Duplex } from 'node:stream';
import { STATUS_CODES } from '../exchange/node-http.ts';
import { closeGently } from '../forward/gentle-close.ts';
import type { ErrorAnswer } from './error-answer.ts';

/** Writes an error answer where there is no response object, only a socket: unreadable requests, refused tunnels. Then closes it. */
export function writeRawAnswer(socket: Duplex, { status, fields, body }: ErrorAnswer): void {
  if (!socket.writable) return void socket.destroy();
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nDate: ${new Date().toUTCString()}\r\nConnection: close\r\n`;
  for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
  socket.write(Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body]));
  closeGently(socket);
}
