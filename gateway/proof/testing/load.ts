import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds of the machine's monotonic clock: the same in every process, so that what two of them saw can be compared. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The outcome of one request. */
export interface Asked {
  /** Its id, which the service counts by. */
  readonly id: string;
  /** `null`: there was no head of an answer. */
  readonly status: number | null;
  /** The whole body came. */
  readonly complete: boolean;
  readonly ms: number;
  readonly text: string;
  /** The error code, where the connection broke. */
  readonly broke: string | null;
}

export interface AskOptions {
  readonly method?: string;
  readonly body?: string;
  readonly agent?: http.Agent | false;
  readonly headers?: Readonly<Record<string, string>>;
  /** Then it is given up, which counts as broken; default 10 s. */
  readonly withinMs?: number;
  readonly id?: string;
  /** Over TLS, with any certificate. */
  readonly secure?: boolean;
}

/** Sends a request and reads its answer. Never rejects: a failure is part of the result. */
export function ask(port: number, target: string, options: AskOptions = {}): Promise<Asked> {
  const {
    method = 'GET',
    body,
    agent = false,
    headers = {},
    withinMs = 10_000,
    id = '',
    secure = false,
  } = options;
  const from = monotonicMs();
  const { promise, resolve } = Promise.withResolvers<Asked>();
  let status: number | null = null;
  let text = '';
  const over = (complete: boolean, broke: string | null) =>
    resolve({ id, status, complete, text, broke, ms: monotonicMs() - from });
  const { request: send } = secure ? https : http;
  const request = send(
    { host: '127.0.0.1', port, path: target, method, agent, headers, rejectUnauthorized: false },
    (answer) => {
      status = answer.statusCode ?? 0;
      answer.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      answer.on('end', () => over(answer.complete, null));
      answer.on('error', (error: NodeJS.ErrnoException) => over(false, error.code ?? error.message));
    },
  );
  request.on('error', (error: NodeJS.ErrnoException) => over(false, error.code ?? error.message));
  const timer = setTimeout(() => request.destroy(new Error(`no end within ${withinMs} ms`)), withinMs);
  void promise.then(() => clearTimeout(timer));
  request.end(body);
  return promise;
}

/** In words, why this is no complete 200; `null` where it is one. */
export function problemOf({ status, complete, broke }: Asked): string | null {
  if (status === 200 && complete) return null;
  const cause = broke === null ? '' : ` (${broke})`;
  return status === null ? `no answer${cause}` : `${status}${complete ? '' : ', broken off'}${cause}`;
}

export interface LoadOptions {
  readonly port: number;
  /** Given an id, the target to ask for. */
  readonly target: (id: string) => string;
  /** Default GET; a POST has a short body. */
  readonly method?: 'GET' | 'POST';
  readonly clients: number;
  /** Between an answer and the next request of a client; the machine has other things to do as well. */
  readonly pauseMs: number;
  /** Ids begin with this, where several loads are counted under one tag; `target` is given what follows. */
  readonly ids?: string;
}

/** Clients that ask one request after the other over kept connections, until `stop`. */
export class Load {
  readonly asked: Asked[] = [];
  readonly #agent: http.Agent;
  readonly #running: Promise<unknown>;
  #over = false;
  #count = 0;

  constructor(options: LoadOptions) {
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: options.clients });
    this.#running = Promise.all(Array.from({ length: options.clients }, () => this.#client(options)));
  }

  /** Waits for the requests under way. */
  async stop(): Promise<readonly Asked[]> {
    this.#over = true;
    await this.#running;
    this.#agent.destroy();
    return this.asked;
  }

  /** Requests since the last call; forgets them. */
  take(): Asked[] {
    return this.asked.splice(0);
  }

  async #client({ port, target, pauseMs, method = 'GET', ids = '' }: LoadOptions): Promise<void> {
    const body = method === 'POST' ? { body: 'once' } : {};
    while (!this.#over) {
      const id = String(++this.#count);
      this.asked.push(await ask(port, target(id), { method, ...body, agent: this.#agent, id: ids + id }));
      await pause(pauseMs);
    }
  }
}
