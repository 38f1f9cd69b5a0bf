import type http from 'node:http';
import { Server, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { http as nodeHttp } from '../exchange/node-http.ts';

/**
 * How Node's HTTP server reads its connections, which has no public name (docs/private-parts.md): it puts a listener for `connection` on its
 * server, and that one puts listeners for `data` and `end` on the socket. They are public by `listeners`; that there are these, and no
 * others, is not.
 */
export interface NodeReader {
  readonly bytes: (bytes: Buffer) => void;
  /** Gives it bytes of a body of which it has to find the end, and nothing else: it makes no copy, and its request does not see them. */
  readonly count: (bytes: Buffer) => void;
  readonly end: () => void;
}

/**
 * From now on the server gets connections only through the returned function.
 * @throws if this version of Node reads differently: at the start, and not at a client's first bytes
 */
export function takeConnections(server: http.Server): (socket: Socket) => void {
  probe();
  const listener = lastListener(server, 'connection');
  server.removeAllListeners('connection');
  return listener.bind(server);
}

/** Checks that this version of Node copies bytes of a body, as their memory is reused, and that it can count a body without keeping it. */
function probe(): void {
  const message = Buffer.from('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na');
  const server = nodeHttp.createServer();
  const [socket] = duplexPair();
  let request: http.IncomingMessage | undefined;
  server.once('request', (begun) => {
    request = begun;
  });
  lastListener(server, 'connection').call(server, socket);
  const reader = takeReader(socket as Socket);
  reader.bytes(message);
  const body: Buffer | null | undefined = request?.read();
  reader.count(Buffer.from('b'));
  const counted = request?.complete && request.read() === null;
  socket.destroy();
  if (!body || body.buffer === message.buffer) throw readsOtherwise('a body that is no copy');
  if (!counted) throw readsOtherwise('a body that is only counted');
}

/** Closes the port and nothing else: the close of an HTTP server would close idle connections in any case. */
export function stopListening(server: http.Server): void {
  Server.prototype.close.call(server);
}

/** From now on Node reads the bytes passed to this instead of the socket's. @param socket just accepted by Node's server */
export function takeReader(socket: Socket): NodeReader {
  // Behind those that the socket has of itself.
  const bytes = lastListener(socket, 'data');
  const end = lastListener(socket, 'end');
  const ignore = () => {};
  // A second listener makes Node's parser stop reading from the handle by itself.
  socket.on('data', ignore).off('data', ignore).off('data', bytes).off('end', end);
  return { bytes, count: (body) => withoutBody(socket, () => bytes(body)), end };
}

/** Runs without the parser's body callback. A parser serves many sockets in turn, so the callback is restored. */
function withoutBody(socket: Socket, parse: () => void): void {
  const { parser } = socket as Socket & { parser?: NodeParser };
  const at = parser?.constructor.kOnBody;
  if (parser === undefined || at === undefined) return parse();
  const onBody = parser[at];
  parser[at] = null;
  try {
    parse();
  } finally {
    parser[at] = onBody;
  }
}

/** Calls the functions that it has under these numbers, where it has any. */
interface NodeParser {
  readonly constructor: { readonly kOnBody?: number };
  [callback: number]: unknown;
}

function lastListener(of: NodeJS.EventEmitter, event: string): (...given: unknown[]) => void {
  const listener = of.listeners(event).at(-1);
  if (!listener) throw readsOtherwise(`no listener for '${event}'`);
  return listener as (...given: unknown[]) => void;
}

function readsOtherwise(how: string): Error {
  return new Error(`Node ${process.version} reads HTTP otherwise than Portway knows: ${how}`);
}
