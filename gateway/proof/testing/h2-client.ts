import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { onTestFinished } from 'vitest';
import { markKitSocket } from './wire.ts';

export interface H2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: IncomingHttpHeaders;
  readonly interim: readonly number[];
}

/** A session that takes whatever certificate it is shown; it ends with the test. @param scheme `http`: by prior knowledge. */
export async function connectH2(
  port: number,
  scheme: 'http' | 'https' = 'https',
): Promise<ClientHttp2Session> {
  const session = http2.connect(`${scheme}://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    servername: 'shop.test',
  });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  await once(session, 'connect');
  markKitSocket(session.socket);
  return session;
}

/** The same, once the session knows the settings of the server: before, it asks for no WebSocket. */
export async function connectSettledH2(
  port: number,
  scheme: 'http' | 'https' = 'https',
): Promise<ClientHttp2Session> {
  const session = await connectH2(port, scheme);
  await once(session, 'remoteSettings');
  return session;
}

/** Sends a request, with `:authority: shop.test` unless the headers say otherwise, and reads its answer. */
export async function exchangeH2(
  session: ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body: string | Buffer | null = null,
): Promise<H2Answer> {
  const stream = session.request({ ':authority': 'shop.test', ...headers }, { endStream: body === null });
  if (body !== null) stream.end(body);
  return answerOf(stream);
}

export async function answerOf(stream: ClientHttp2Stream): Promise<H2Answer> {
  const interim: number[] = [];
  let trailers: IncomingHttpHeaders = {};
  let head: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream
    .on('headers', (fields) => interim.push(Number(fields[':status'])))
    .on('response', (fields) => {
      head = fields;
    })
    .on('trailers', (fields) => {
      trailers = fields;
    });
  for await (const chunk of stream) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: Number(head[':status']), headers: head, text, trailers, interim };
}

/** The head that asks for a WebSocket (RFC 8441), which a client may send once it has the settings of the server. */
export const WEBSOCKET = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':scheme': 'https',
  ':authority': 'shop.test',
} as const;
