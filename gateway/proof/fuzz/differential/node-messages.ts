import http from 'node:http';
import { Duplex } from 'node:stream';
import type { ReadMessage } from './reading.ts';

/** A socket without a network: its reader gets what is pushed; writes are discarded. */
class InMemorySocket extends Duplex {
  constructor() {
    super({ allowHalfOpen: true, autoDestroy: true });
    this.on('error', () => {});
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

const RECORDS = Symbol('records');

/** Node's own strict parser through its public interface: a server that gets its connections by emitted events. */
export class NodeRequests {
  readonly #server: http.Server;

  constructor() {
    this.#server = http.createServer({
      insecureHTTPParser: false,
      maxHeaderSize: 16 * 1024,
      requireHostHeader: false,
    });
    const taken = (request: http.IncomingMessage, response: http.ServerResponse) => {
      const records = (request.socket as unknown as { [RECORDS]: ReadMessage[] })[RECORDS];
      records.push(collect(request, `${request.method} ${request.url}`));
      response.on('error', () => {});
      request.once('end', () => response.end());
    };
    this.#server.on('request', taken).on('checkContinue', taken).on('checkExpectation', taken);
    this.#server
      .on('clientError', () => {})
      .on('upgrade', () => {})
      .on('connect', () => {});
    this.#server.timeout = 0;
  }

  /** What it reads comes in by and by, within a few turns of the event loop. */
  read(pieces: readonly Buffer[]): { readonly taken: readonly ReadMessage[]; close(): void } {
    const socket = new InMemorySocket();
    const taken: ReadMessage[] = [];
    Object.assign(socket, { [RECORDS]: taken });
    this.#server.emit('connection', socket);
    for (const piece of pieces) socket.push(piece);
    return { taken, close: () => socket.destroy() };
  }
}

/** Node's client on an in-memory connection. */
export function readNodeAnswer(
  method: string,
  pieces: readonly Buffer[],
  ends: boolean,
): { readonly taken: readonly ReadMessage[]; close(): void } {
  const socket = new InMemorySocket();
  const taken: ReadMessage[] = [];
  const request = http.request({
    method,
    host: 'a',
    agent: Object.assign(new http.Agent(), { createConnection: () => socket as never }),
    maxHeaderSize: 64 * 1024,
  });
  request
    .on('response', (answer) => taken.push(collect(answer, `${answer.statusCode} ${answer.statusMessage}`)))
    .on('error', () => {})
    .end();
  process.nextTick(() => {
    for (const piece of pieces) socket.push(piece);
    if (ends) socket.push(null);
  });
  return { taken, close: () => socket.destroy() };
}

function collect(message: http.IncomingMessage, start: string): ReadMessage {
  const record: ReadMessage = { start, fields: message.rawHeaders, body: '', trailers: [], whole: false };
  message
    .on('error', () => {})
    .on('data', (chunk: Buffer) => {
      record.body += chunk.toString('latin1');
    })
    .on('end', () => {
      record.whole = message.complete;
      record.trailers = message.rawTrailers;
    });
  return record;
}
