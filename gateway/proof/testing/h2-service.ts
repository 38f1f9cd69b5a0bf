import http2, { type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Issued } from '../../tls/authority.ts';
import { listening } from './free-port.ts';
import { markKitSocket } from './wire.ts';

export type H2Script = (
  stream: ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  rawFields: readonly string[],
) => void;

/** A service that speaks HTTP/2 alone: by prior knowledge, or over TLS. */
class H2Service {
  readonly sessions: ServerHttp2Session[] = [];
  readonly asked: string[] = [];
  readonly #server: Http2Server;

  constructor(server: Http2Server, script: H2Script) {
    this.#server = server;
    server.on('session', (session) => this.sessions.push(session));
    server.on('sessionError', () => {});
    server.on('stream', (stream: ServerHttp2Stream, headers, _flags, rawFields) => {
      stream.on('error', () => {});
      this.asked.push(`${headers[':method']} ${headers[':path']}`);
      script(stream, headers, rawFields as unknown as string[]);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

/** Starts it on a free port; it ends with the test. */
export async function startH2Service(
  script: H2Script,
  options: { readonly shown?: Issued; readonly settings?: http2.Settings } = {},
): Promise<H2Service> {
  const { shown, settings = {} } = options;
  const server = shown ? http2.createSecureServer({ ...shown, settings }) : http2.createServer({ settings });
  const sockets = new Set<Socket>();
  for (const event of ['connection', 'secureConnection'])
    server.on(event, (socket: Socket) => sockets.add(markKitSocket(socket)));
  const service = new H2Service(server as Http2Server, script);
  await listening(server);
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return service;
}
