import type { IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { http } from '../exchange/node-http.ts';
import { readText } from '../files/content.ts';
import type { KubernetesDiscovery } from '../model/config.ts';

/** The API server is unavailable, or its answer makes no sense. The message says why. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Of the answer, or of the error in a watch; 0: there was none. */
  readonly status: number;

  constructor(message: string, status = 0) {
    super(message);
    this.status = status;
  }
}

/** An object as the API server sends it; nothing in it is certain. */
export type ApiObject = Readonly<Record<string, unknown>>;

export interface ApiList {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
}

export interface ApiEvent {
  readonly type: string;
  readonly object: ApiObject;
}

/**
 * Asks the API server of a cluster three things: lists, watches, and to take a status. By HTTP/1.1 with the token and the authority of the pod's
 * service account, which are read for each request: the cluster renews them while the pod lives.
 */
export class KubernetesApi {
  readonly #settings: KubernetesDiscovery;

  constructor(settings: KubernetesDiscovery) {
    this.#settings = settings;
  }

  /** Page by page. @throws ApiError */
  async list(path: string, signal: AbortSignal): Promise<ApiList> {
    const items: ApiObject[] = [];
    for (let more = ''; ; ) {
      const page = await this.#page(`${path}?limit=${PAGE}${more}`, signal);
      const { metadata } = page as { metadata?: { resourceVersion?: unknown; continue?: unknown } };
      if (!Array.isArray(page.items) || typeof metadata?.resourceVersion !== 'string')
        throw new ApiError(`what GET ${path} says is no list`);
      items.push(...(page.items as ApiObject[]));
      if (metadata.continue && page.items.length === 0)
        throw new ApiError(`GET ${path} has a page without objects, and another behind it`);
      if (items.length > OBJECTS_MAX)
        throw new ApiError(`GET ${path} lists more than ${OBJECTS_MAX} objects`);
      if (!metadata.continue) return { items, resourceVersion: metadata.resourceVersion };
      more = `&continue=${encodeURIComponent(String(metadata.continue))}`;
    }
  }

  /** Events behind this version, until the server ends the watch, as it does every few minutes. @throws ApiError, 410 where the version is too old */
  async *watch(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<ApiEvent> {
    const seconds = Math.round(WATCH_SECONDS * (1 + Math.random()));
    // A server that has gone without a word ends nothing.
    const deadline = AbortSignal.any([signal, AbortSignal.timeout((seconds + WATCH_GRACE_SECONDS) * 1_000)]);
    const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=${encodeURIComponent(resourceVersion)}`;
    const answer = await this.#ask('GET', `${path}?${query}`, deadline);
    for await (const line of lines(answer)) {
      const event = parsed(line) as unknown as ApiEvent;
      if (typeof event.type !== 'string' || typeof event.object !== 'object' || event.object === null)
        throw new ApiError(`what a watch of ${path} says is no event`);
      if (event.type === 'ERROR')
        throw new ApiError(
          `the watch of ${path} ended: ${String(event.object.message).slice(0, REASON_MAX)}`,
          Number(event.object.code) || 0,
        );
      yield event;
    }
  }

  /** @param status of an object, as a merge patch. @throws ApiError, 409 where the object has changed since this version */
  async putStatus(
    path: string,
    resourceVersion: string,
    status: ApiObject,
    signal: AbortSignal,
  ): Promise<void> {
    const body = JSON.stringify({ metadata: { resourceVersion }, status });
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    (await this.#ask('PATCH', `${path}/status`, deadline, body)).resume();
  }

  async #page(path: string, signal: AbortSignal): Promise<ApiObject> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const answer = await this.#ask('GET', path, deadline);
    const what = `the answer to GET ${path.split('?')[0]}`;
    const text = await textOf(answer, what).catch((cause: Error) => {
      if (cause instanceof ApiError) throw cause;
      throw new ApiError(`${what} broke off: ${deadline.aborted ? TOO_SLOW : cause.message}`);
    });
    return parsed(text);
  }

  async #ask(method: string, path: string, signal: AbortSignal, body?: string): Promise<IncomingMessage> {
    const { server, token, ca } = this.#settings;
    const url = new URL(path, server);
    const [bearer, authority] = await Promise.all([contentOf(token), contentOf(ca)]);
    const headers = {
      Accept: 'application/json',
      ...(bearer === null ? {} : { Authorization: `Bearer ${bearer.trim()}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/merge-patch+json' }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options = { method, headers, signal, agent: false as const };
    const asked =
      url.protocol === 'https:'
        ? requestTls(url, { ...options, ...(authority === null ? {} : { ca: authority }) })
        : http.request(url, options);
    // After the head, the body itself reports that it broke off.
    asked.on('response', resolve).on('error', (cause) => reject(new ApiError(cause.message)));
    // An unrequested upgrade (101) is neither an answer nor an error.
    asked.on('close', () => reject(new ApiError(`${method} ${url.pathname} has got no answer`)));
    asked.setSocketKeepAlive(true, KEEP_ALIVE_MS);
    asked.end(body);
    const answer = await promise;
    if (answer.statusCode! >= 200 && answer.statusCode! < 300) return answer;
    answer.destroy();
    const status = answer.statusCode!;
    throw new ApiError(`${method} ${url.pathname} is answered ${status}${HINTS[status] ?? ''}`, status);
  }
}

/** @throws ApiError */
async function textOf(answer: IncomingMessage, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > PAGE_MAX_BYTES) throw new ApiError(`${what} is longer than 64 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const TOO_SLOW = 'it was not whole within 30 s';
const PAGE = 500;
/** Of one kind. */
export const OBJECTS_MAX = 200_000;
const PAGE_MAX_BYTES = 64 * 1024 * 1024;
/** etcd keeps no object beyond 1.5 MiB. */
const LINE_MAX_BYTES = 4 * 1024 * 1024;
const ANSWER_MS = 30_000;
/** And up to twice as long, so that the watches of many gateways do not end together. */
const WATCH_SECONDS = 240;
const WATCH_GRACE_SECONDS = 20;
const KEEP_ALIVE_MS = 30_000;
const REASON_MAX = 200;

const HINTS: Readonly<Record<number, string>> = {
  401: ': is the token that of this cluster?',
  403: ': may the service account do this?',
  404: ': are the kinds of the Gateway API installed?',
};

async function contentOf(file: string | null): Promise<string | null> {
  if (file === null) return null;
  return readText(file).catch((cause: Error) => {
    throw new ApiError(cause.message);
  });
}

/** @throws ApiError for a line that never ends, and where the connection breaks */
async function* lines(answer: IncomingMessage): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString();
        [rest, size, from] = [[], 0, end + 1];
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
      size += chunk.length - from;
      if (size > LINE_MAX_BYTES) throw new ApiError('an event of a watch is longer than 4 MiB');
    }
  } catch (cause) {
    throw cause instanceof ApiError ? cause : new ApiError(`a watch broke off: ${(cause as Error).message}`);
  } finally {
    answer.destroy();
  }
}

function parsed(text: string): ApiObject {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as ApiObject;
  } catch {
    // As below.
  }
  throw new ApiError('what the API server says is no JSON object');
}
