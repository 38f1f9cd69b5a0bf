import type { IncomingMessage, RequestOptions } from 'node:http';
import { http } from '../exchange/node-http.ts';

/** A container of `GET /containers/json`, with the properties that are used. */
export interface EngineContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>> | null;
  /** Seconds since the epoch. */
  readonly Created: number;
  /** `Up 3 minutes (unhealthy)` */
  readonly Status: string;
  readonly Ports: readonly {
    readonly IP?: string;
    readonly PrivatePort: number;
    readonly PublicPort?: number;
    readonly Type: string;
  }[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress: string; readonly GlobalIPv6Address?: string }>
    >;
  } | null;
  readonly HostConfig: { readonly NetworkMode: string } | null;
}

/** The engine is unavailable, or its answer makes no sense. The message says why. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

/**
 * Reads from a Docker engine's API (https://docs.docker.com/reference/api/engine/), by its socket or through a socket proxy. Asks two
 * questions only, `GET /containers/json` and `GET /events`, so that is all a proxy has to allow.
 */
export class DockerEngine {
  readonly #address: string;

  /** @param address `unix:///var/run/docker.sock`, `tcp://socket-proxy:2375` */
  constructor(address: string) {
    this.#address = address;
  }

  /** Those that run. @throws EngineError */
  async containers(signal: AbortSignal): Promise<readonly EngineContainer[]> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const response = await this.#get('/containers/json', deadline);
    const text = await textOf(response).catch((cause: unknown) => {
      throw brokenOff('its list of containers', deadline.aborted ? TOO_SLOW : cause);
    });
    const list = parsed(text);
    if (!Array.isArray(list)) throw new EngineError('what it says is no list of containers');
    return list as EngineContainer[];
  }

  /** Calls `happened` whenever a container or a network changes, until the engine or the signal ends it. @throws EngineError */
  async follow(happened: () => void, signal: AbortSignal): Promise<void> {
    const response = await this.#get(`/events?filters=${encodeURIComponent(FOLLOWED)}`, signal);
    // Something may have happened before the engine listened.
    happened();
    // An event is only a reason to read the list again.
    try {
      for await (const _event of response) happened();
    } catch (cause) {
      throw brokenOff('the list of its events', cause);
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const asked = http.request({
      ...placeOf(this.#address),
      path,
      signal,
      headers: { Host: 'docker' },
      agent: false,
    });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // After the head, the body itself reports that it broke off.
    asked.on('response', resolve).on('error', (cause) => reject(new EngineError(reasonOf(cause))));
    // An unrequested upgrade (101) is neither an answer nor an error.
    asked.on('close', () => reject(new EngineError(`GET ${path.split('?')[0]} has got no answer`)));
    asked.end();
    const response = await promise;
    if (response.statusCode === 200) return response;
    response.destroy();
    throw new EngineError(`GET ${path.split('?')[0]} is answered ${response.statusCode}`);
  }
}

/** @throws EngineError */
async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_MAX_BYTES) throw new EngineError('its list of containers is longer than 16 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function brokenOff(what: string, cause: unknown): EngineError {
  return cause instanceof EngineError ? cause : new EngineError(`${what} broke off: ${reasonOf(cause)}`);
}

const TOO_SLOW = new Error('it was not whole within 10 s');
const ANSWER_MS = 10_000;
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;

const FOLLOWED = JSON.stringify({
  type: ['container', 'network'],
  event: ['start', 'die', 'pause', 'unpause', 'rename', 'health_status', 'connect', 'disconnect'],
});

/** @throws EngineError: `DOCKER_HOST` may be anything */
function placeOf(address: string): RequestOptions {
  const socket = /^unix:\/\/(\/.+)$/.exec(address)?.[1];
  if (socket !== undefined) return { socketPath: socket };
  const url = URL.parse(address.replace(/^tcp:/, 'http:'));
  if (url?.protocol !== 'http:')
    throw new EngineError(`${address} is no address of an engine that Portway can use`);
  return { host: url.hostname, port: url.port || 2375 };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EngineError('what it says is no JSON');
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null;
  return (code === null ? null : REASONS[code]) ?? (cause instanceof Error ? cause.message : String(cause));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no socket is there: does the engine run, and is its socket mounted?',
  EACCES: 'the gateway may not use its socket: is it in the group of the socket?',
};
