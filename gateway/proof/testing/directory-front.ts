import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createAuthority, issueCertificate } from '../../tls/authority.ts';
import { listening } from './free-port.ts';
import { temporaryFolder } from './program.ts';

type Behind = number | Promise<number> | null;
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A directory that stands before another one, or before none: what a test says for a path is answered here, the rest there. The one
 * behind it makes its URLs of the `Host` that it is asked for, so that clients come here for all.
 */
export class DirectoryFront {
  /** PEM file of the authority that vouches for it. */
  readonly ca: string;
  /** `POST /order-plz`, in the order in which they came. */
  readonly asked: string[] = [];
  connections = 0;
  readonly #payloads: { readonly path: string; readonly payload: unknown }[] = [];
  readonly #server: Server;
  readonly #behind: Behind;
  readonly #answers = new Map<string, Answer>();
  #directory: (directory: Record<string, unknown>) => Record<string, unknown> = (one) => one;

  private constructor(ca: string, server: Server, behind: Behind) {
    this.ca = ca;
    this.#server = server;
    this.#behind = behind;
    server.on('connection', () => this.connections++);
    server.on('request', (incoming: IncomingMessage, response: ServerResponse) =>
      this.#answer(incoming, response),
    );
  }

  /** It ends with the test. @param behind port of the other one, which may come later: questions wait for it */
  static async start(behind: Behind = null): Promise<DirectoryFront> {
    const folder = await temporaryFolder();
    const authority = createAuthority('Front of a directory', 30);
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, authority.cert);
    const server = createServer(issueCertificate(authority, { names: ['127.0.0.1'], days: 30 }));
    await listening(server);
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return new DirectoryFront(ca, server, behind);
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get directory(): string {
    return `${this.origin}/dir`;
  }

  /** @param path with all below it */
  on(path: string, answer: Answer): void {
    this.#answers.set(path, answer);
  }

  off(path: string): void {
    this.#answers.delete(path);
  }

  #keep(path: string, sent: readonly Buffer[]): void {
    if (sent.length === 0) return;
    const { payload } = JSON.parse(Buffer.concat(sent).toString()) as { payload: string };
    const text = Buffer.from(payload, 'base64url').toString();
    this.#payloads.push({ path, payload: text === '' ? null : JSON.parse(text) });
  }

  /** The signed payloads that arrived there. */
  payloads(path: string): unknown[] {
    return this.#payloads.filter((one) => one.path === path).map(({ payload }) => payload);
  }

  /** Says something else of the directory than the one behind does. */
  edit(change: (directory: Record<string, unknown>) => Record<string, unknown>): void {
    this.#directory = change;
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    const path = incoming.url ?? '/';
    this.asked.push(`${incoming.method} ${path}`);
    const own = [...this.#answers].find(([begins]) => path.startsWith(begins))?.[1];
    if (own) own(incoming, response);
    else if (this.#behind === null) response.writeHead(404).end();
    else void Promise.resolve(this.#behind).then((port) => this.#ask(port, incoming, response));
  }

  #ask(port: number, incoming: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = incoming;
    const asked = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers,
      rejectUnauthorized: false,
      agent: false,
    });
    asked.on('response', async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      const text = path === '/dir' ? JSON.stringify(this.#directory(JSON.parse(body))) : body;
      const { 'content-length': _, ...fields } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, fields).end(text);
    });
    asked.on('error', () => response.destroy());
    const sent: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => sent.push(chunk)).on('end', () => this.#keep(path ?? '/', sent));
    incoming.pipe(asked);
  }
}

/** A problem of RFC 8555 §6.7. */
export function problem(
  type: string,
  detail: string,
  status: number,
  fields: Record<string, string> = {},
): Answer {
  const body = JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail });
  return (incoming, response) => {
    incoming.resume();
    response.writeHead(status, { 'Content-Type': 'application/problem+json', ...fields }).end(body);
  };
}
