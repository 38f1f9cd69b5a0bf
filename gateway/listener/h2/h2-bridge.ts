import { randomBytes } from 'node:crypto';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Fields } from '../../exchange/contract.ts';
import { http } from '../../exchange/node-http.ts';
import type { H2Exchange } from './h2-exchange.ts';

/**
 * Carries an HTTP/2 request as HTTP/1.1 over a connection in memory, for features of the general lane: Fastify's hooks and the gateway's
 * own page. @param far the other end of the general lane's connection
 */
export function bridgeRequest(exchange: H2Exchange, far: Duplex): void {
  const { body, method } = exchange;
  const framing = body && body.length === null ? ['Transfer-Encoding', 'chunked'] : [];
  const request = requestOn(far, method, exchange, ['Connection', 'close', ...framing]);
  relayAnswer(request, exchange, far);
  if (!body) return void request.end();
  // Node keeps a head back until something of the body comes, and a service may answer before.
  request.flushHeaders();
  // Node emits no 'drain' where what filled its buffer has left it between a write and its flush.
  const written = () => {
    if (request.writableLength < request.writableHighWaterMark) body.resume();
  };
  body.read({
    data: (chunk) => {
      if (!request.write(Buffer.from(chunk), written)) body.pause();
    },
    end: (trailers) => {
      if (trailers.length > 0 && body.length === null) request.addTrailers(pairs(trailers));
      request.end();
    },
    fail: () => far.destroy(),
  });
}

/**
 * RFC 8441 §5: an extended CONNECT is the handshake of a WebSocket, and its 200 is HTTP/1.1's 101. A service that answers 200 itself has
 * opened none.
 */
export function bridgeTunnel(exchange: H2Exchange, far: Duplex): void {
  const key = randomBytes(16).toString('base64');
  const handshake = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Key', key];
  const request = requestOn(far, 'GET', exchange, handshake);
  relayAnswer(request, exchange, far, (status) => (status < 300 ? 502 : status));
  request.on('upgrade', ({ rawHeaders }, socket, head) => {
    exchange.head(200, '', without(rawHeaders, HANDSHAKE_FIELDS));
    joinTunnel(exchange, socket, head);
  });
  request.end();
}

/** Passes the end of one side to the other, and a reset as a reset (RFC 8441 §5). */
function joinTunnel(exchange: H2Exchange, socket: Duplex, head: Buffer): void {
  const { stream, received } = exchange;
  // Node emits `end` for a stream that was reset, too.
  const wasReset = () => stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR;
  exchange.listen({
    drained() {},
    closed: () => void (wasReset() && socket.destroy(new Error('reset'))),
  });
  if (head.length > 0) stream.write(head);
  stream
    .on('data', (chunk: Buffer) => received(chunk.length))
    .on('end', () => wasReset() || socket.end())
    .pipe(socket, { end: false });
  socket.on('close', () => socket.readableEnded || exchange.cancel()).pipe(stream);
}

function requestOn(far: Duplex, method: string, exchange: H2Exchange, more: Fields): ClientRequest {
  const { fields, rawTarget } = exchange;
  return http.request({
    createConnection: () => far,
    method,
    path: rawTarget,
    headers: [...without(fields, FRAMING_FIELDS), ...more],
    setHost: false,
    maxHeaderSize: ANSWER_HEAD_MAX_BYTES,
  });
}

/** Passes the answer on; a broken one breaks the stream. @param statusFor the status for the client, by the answer's */
function relayAnswer(
  request: ClientRequest,
  exchange: H2Exchange,
  far: Duplex,
  statusFor = (status: number) => status,
): void {
  let answer: IncomingMessage | null = null;
  exchange.listen({
    drained: () => answer?.resume(),
    closed: () => far.destroy(),
  });
  request
    .on('information', ({ statusCode, rawHeaders }) => exchange.informational(statusCode, rawHeaders))
    .on('error', () => exchange.abort())
    .on('response', (begun) => {
      answer = begun;
      let headSent = false;
      const tell = () => {
        if (!headSent) exchange.head(statusFor(begun.statusCode ?? 502), '', begun.rawHeaders);
        headSent = true;
      };
      // To gRPC an answer of trailers alone is a head that ends its stream: whether a body follows shows a turn later.
      if (!('grpc-status' in begun.headers)) tell();
      begun
        .on('data', (chunk: Buffer) => {
          tell();
          if (!exchange.write(chunk)) begun.pause();
        })
        .on('end', () => {
          tell();
          exchange.end(begun.rawTrailers);
        })
        .on('error', () => exchange.abort());
    });
}

const ANSWER_HEAD_MAX_BYTES = 128 * 1024;
/** Framing fields of HTTP/1.1: a client's own would be taken for ours. */
const FRAMING_FIELDS: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'],
  ...['sec-websocket-key', 'expect'],
]);
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set(['connection', 'upgrade', 'sec-websocket-accept']);

function without(fields: Fields, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (!names.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  return kept;
}

function pairs(fields: Fields): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) list.push([fields[i]!, fields[i + 1]!]);
  return list;
}
