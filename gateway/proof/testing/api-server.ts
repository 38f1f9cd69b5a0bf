import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { markKitSocket } from './wire.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Stored extends Fields {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
}

/**
 * As much of a Kubernetes API server as a controller meets: lists in pages, watches with bookmarks, versions that are forgotten (410), and the
 * status of objects with its conflicts (409). It is no API server: it checks nothing, and knows no schema.
 */
export class TestApiServer {
  /** By path of the collection, `apis/discovery.k8s.io/v1/endpointslices`, then `namespace/name`. */
  readonly #stored = new Map<string, Map<string, Stored>>();
  readonly #events: { collection: string; version: number; line: string }[] = [];
  readonly #watches = new Set<{ collection: string; response: ServerResponse }>();
  #version = 1;
  /** Versions up to this one are forgotten. */
  #forgotten = 0;
  /** Requests so far: `GET apis/...`, `WATCH ...`, `PATCH ...`. */
  readonly asked: string[] = [];
  /** Answered instead, where a path begins so. */
  readonly refused = new Map<string, number>();
  /** Answered to everything, instead. */
  failing: number | null = null;
  /** The next status is refused, because another controller has just written its own. */
  conflict = false;
  refusesPatches = false;
  /** Another controller writes over each status at once. */
  overwrites = false;
  /** Lists are these pages, one after the other for ever. */
  page: object | null = null;
  /** Of each request. */
  readonly tokens = new Set<string | undefined>();
  readonly #secure: boolean;
  readonly #server;

  constructor(tls: ServerOptions | null = null) {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    this.#secure = tls !== null;
    this.#server = tls ? createSecureServer(tls, answer) : createServer(answer);
  }

  get address(): string {
    return `${this.#secure ? 'https://localhost' : 'http://127.0.0.1'}:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    this.#server.on('connection', markKitSocket);
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Makes it, or puts it into the place of the one of that name. */
  apply(collection: string, namespace: string, name: string, fields: Fields): void {
    const known = this.#of(collection).get(`${namespace}/${name}`);
    const generation = Number((known?.metadata as { generation?: number } | undefined)?.generation ?? 0) + 1;
    const creationTimestamp = '2026-11-01T00:00:00Z';
    const labels = (fields.metadata as { labels?: Fields } | undefined)?.labels;
    this.#store(known ? 'MODIFIED' : 'ADDED', collection, {
      ...{ status: known?.status },
      ...fields,
      metadata: {
        name,
        namespace,
        generation,
        creationTimestamp,
        resourceVersion: '',
        ...(labels && { labels }),
      },
    });
  }

  remove(collection: string, namespace: string, name: string): void {
    const object = this.#of(collection).get(`${namespace}/${name}`)!;
    this.#store('DELETED', collection, object);
    this.#of(collection).delete(`${namespace}/${name}`);
  }

  statusOf(collection: string, namespace: string, name: string): unknown {
    return this.#of(collection).get(`${namespace}/${name}`)?.status;
  }

  /** Every watch begins too late. */
  forgetful = false;

  /** Ends all watches, and forgets what happened until now. */
  forget(): void {
    this.#forgotten = this.#version;
    this.endWatches();
  }

  endWatches(): void {
    for (const { response } of this.#watches) response.end();
    this.#watches.clear();
  }

  breakWatches(): void {
    for (const { response } of this.#watches) response.destroy();
  }

  /** Something elsewhere in the cluster has happened, of which watches hear the version alone. */
  bookmark(resourceVersion = String(++this.#version)): void {
    const object = { kind: 'Bookmark', metadata: { resourceVersion } };
    for (const { response } of this.#watches)
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  /** Sends these bytes on a watch. */
  say(text: string): void {
    const [first] = this.#watches;
    first?.response.write(text);
  }

  get watches(): number {
    return this.#watches.size;
  }

  #of(collection: string): Map<string, Stored> {
    const known = this.#stored.get(collection) ?? new Map<string, Stored>();
    this.#stored.set(collection, known);
    return known;
  }

  #store(type: string, collection: string, object: Fields): void {
    const version = ++this.#version;
    const { metadata } = object as Stored;
    const stored = { ...object, metadata: { ...metadata, resourceVersion: String(version) } };
    this.#of(collection).set(`${metadata.namespace}/${metadata.name}`, stored);
    const line = `${JSON.stringify({ type, object: stored })}\n`;
    this.#events.push({ collection, version, line });
    for (const watch of this.#watches) if (watch.collection === collection) watch.response.write(line);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.tokens.add(request.headers.authorization);
    const url = new URL(request.url!, 'http://api');
    const path = url.pathname.slice(1);
    const watched = url.searchParams.has('watch');
    this.asked.push(`${watched ? 'WATCH' : request.method} ${path}`);
    if (this.failing === 101)
      return void response.socket!.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      );
    // Half of an answer.
    if (this.failing === 200) return void response.write('{', () => response.destroy());
    const refused = [...this.refused].find(([begin]) => path.startsWith(begin));
    if (refused) return void response.writeHead(refused[1]).end();
    if (this.failing !== null) return void response.writeHead(this.failing).end();
    if (this.page !== null && !watched && request.method === 'GET')
      return void response.end(JSON.stringify(this.page));
    if (request.method === 'PATCH' && this.refusesPatches) return void response.writeHead(403).end();
    if (request.method === 'PATCH') return this.#patch(path, request, response);
    if (watched) return this.#watch(path, Number(url.searchParams.get('resourceVersion')), response);
    this.#list(path, url.searchParams, response);
  }

  #list(path: string, query: URLSearchParams, response: ServerResponse): void {
    const all = [...this.#of(path).values()].map(({ apiVersion, kind, ...rest }) => rest);
    // Two on a page, however many are asked for.
    const from = Number(query.get('continue') ?? 0);
    const more = from + 2 < all.length ? { continue: String(from + 2) } : {};
    const metadata = { resourceVersion: String(this.#version), ...more };
    response.end(JSON.stringify({ kind: 'List', metadata, items: all.slice(from, from + 2) }));
  }

  #watch(collection: string, version: number, response: ServerResponse): void {
    const watch = { collection, response };
    if (this.forgetful || version < this.#forgotten) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      return void response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    }
    response.flushHeaders();
    for (const event of this.#events)
      if (event.collection === collection && event.version > version) response.write(event.line);
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
  }

  async #patch(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { metadata, status } = JSON.parse(text) as Stored;
    const [, root, namespace = '', plural, name] =
      /^(.*?)(?:\/namespaces\/([^/]+))?\/([^/]+)\/([^/]+)\/status$/.exec(path)!;
    const known = this.#of(`${root}/${plural}`).get(`${namespace}/${name}`);
    if (known === undefined) return void response.writeHead(404).end();
    if (this.conflict) {
      this.conflict = false;
      const parents = [{ parentRef: { name: 'x' }, controllerName: 'example.com/other', conditions: [] }];
      this.#store('MODIFIED', `${root}/${plural}`, { ...known, status: { parents } });
      return void response.writeHead(409).end();
    }
    if (known.metadata.resourceVersion !== metadata.resourceVersion)
      return void response.writeHead(409).end();
    this.#store('MODIFIED', `${root}/${plural}`, this.overwrites ? known : { ...known, status });
    response.end('{}');
  }
}

export async function startApiServer(tls: ServerOptions | null = null): Promise<TestApiServer> {
  const server = new TestApiServer(tls);
  await server.listen();
  onTestFinished(() => server.close());
  return server;
}
