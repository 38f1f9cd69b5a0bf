import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.ts';
import {
  type Body,
  MalformedMessage,
  RequestHead,
  readBody,
  readHead,
  requestFraming,
} from './http-message.ts';
import { PATIENCE_MS } from './poll.ts';
import { Wire } from './wire.ts';

/** A request exactly as the service got it. */
export interface ReceivedRequest extends Body {
  readonly head: RequestHead;
  readonly method: string;
  readonly target: string;
  /** Which connection of the service brought it, counted from 0. */
  readonly connection: number;
}

/** What to answer with: exact bytes, or nothing where the test has dealt with the connection itself. */
export type Script = (request: ReceivedRequest, connection: ServiceConnection) => Reply | Promise<Reply>;
type Reply = string | Uint8Array | undefined;

export interface ServiceOptions {
  /** Keep our direction of a connection open when the gateway has ended its own. */
  readonly halfOpen?: boolean;
  /** Where to listen; default a port of 127.0.0.1 that no other test is given. */
  readonly listen?: ListenOptions;
}

/** A connection of the gateway to the service. */
export class ServiceConnection extends Wire {
  readonly index: number;

  constructor(socket: ConstructorParameters<typeof Wire>[0], index: number) {
    super(socket, `connection ${index} of the service`);
    this.index = index;
  }

  /** The next request head; its body is left to be read. */
  async head(withinMs?: number): Promise<RequestHead> {
    return new RequestHead(await readHead(this, 'a request', withinMs));
  }

  /** The next request with its whole body. */
  async request(withinMs?: number): Promise<ReceivedRequest> {
    const head = await this.head(withinMs);
    const body = await readBody(this, requestFraming(head), withinMs);
    return { ...body, head, method: head.method, target: head.target, connection: this.index };
  }
}

/** A service that does exactly what the test says, step by step or by a script for each request. */
export class ScriptedService {
  readonly port: number;
  /** Requests that a script has answered, in order. */
  readonly requests: ReceivedRequest[] = [];
  readonly connections: ServiceConnection[] = [];
  /** What went wrong in a script, or in reading what the gateway sent. */
  readonly failures: unknown[] = [];
  readonly #server: Server;
  #taken = 0;
  #script: Script | null = null;

  constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    this.port = typeof address === 'string' || address === null ? 0 : (address as AddressInfo).port;
    server.on('connection', (socket) => {
      const connection = new ServiceConnection(socket, this.connections.length);
      this.connections.push(connection);
      if (this.#script !== null) void this.#serve(connection, this.#script);
      server.emit('taken');
    });
  }

  /** The next connection that was not handed out yet; waits for one. */
  async connection(withinMs = PATIENCE_MS): Promise<ServiceConnection> {
    while (this.#taken >= this.connections.length) {
      await once(this.#server, 'taken', { signal: AbortSignal.timeout(withinMs) }).catch(() => {
        throw new Error(
          `no connection to the service within ${withinMs} ms; ${this.connections.length} came before`,
        );
      });
    }
    return this.connections[this.#taken++] as ServiceConnection;
  }

  /** The connection on which the head of what a client sends arrives; it has been read. */
  async reachedBy(client: Wire, request: string): Promise<ServiceConnection> {
    await client.send(request);
    const connection = await this.connection();
    await connection.head();
    return connection;
  }

  /** The next connection that begins with these words: to see whether a service is up, the gateway opens some that say nothing. */
  async connectionThatSays(words: string): Promise<ServiceConnection> {
    for (;;) {
      const connection = await this.connection();
      const enough = ({ length }: Buffer) => (length >= words.length || connection.ended ? length : null);
      const seen = await connection.take(`"${words}" or an end`, enough);
      if (seen.toString('latin1').startsWith(words)) return connection;
    }
  }

  /** Answers every request of connections to come: with the same bytes, or as the script says. */
  answer(reply: string | Uint8Array | Script): this {
    this.#script = typeof reply === 'function' ? reply : () => reply;
    return this;
  }

  /** The only request so far. */
  get request(): ReceivedRequest {
    const [only, ...more] = this.requests;
    if (only === undefined || more.length > 0)
      throw new Error(`${this.requests.length} requests came, not one`);
    return only;
  }

  /** Stops listening and cuts every connection. */
  async close(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(connection: ServiceConnection, script: Script): Promise<void> {
    try {
      for (;;) {
        const request = await connection.request(3_600_000);
        this.requests.push(request);
        const reply = await script(request, connection);
        if (reply === undefined) return;
        await connection.send(reply);
      }
    } catch (error) {
      // That connections end, between requests or inside one, is what many tests are about.
      if (connection.ended === null || error instanceof MalformedMessage) this.failures.push(error);
      connection.destroy();
    }
  }
}

/** Starts a service on a free port; it ends with the test, which fails if the gateway sent it something malformed. */
export async function startService(options: ServiceOptions = {}): Promise<ScriptedService> {
  const server = createServer({ allowHalfOpen: options.halfOpen ?? false });
  server.listen(options.listen ?? { port: await freePort(), host: '127.0.0.1' });
  await once(server, 'listening');
  const service = new ScriptedService(server);
  onTestFinished(async () => {
    await service.close();
    if (service.failures.length > 0) throw service.failures[0];
  });
  return service;
}

/** The bytes of an answer with a length: `reply(404, ['X-A: 1'], 'nothing here')`. */
export function reply(status: number, fields: readonly string[] = [], body: string | Buffer = ''): Buffer {
  const data = typeof body === 'string' ? Buffer.from(body) : body;
  const head = [`HTTP/1.1 ${status} Reason`, ...fields, `Content-Length: ${data.length}`].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), data]);
}

/** `200` with a text. */
export function ok(text = 'ok', ...fields: string[]): Buffer {
  return reply(200, fields, text);
}

/** One chunk of a chunked body; the empty one is the last. */
export function chunk(data: string): string {
  return `${Buffer.byteLength(data, 'latin1').toString(16)}\r\n${data}\r\n`;
}
