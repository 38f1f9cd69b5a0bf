/** The gateway that runs on this machine, as other commands reach it: over its admin listener. */

import type { Environment } from '../config/expand.ts';
import { isAny, isLoopback } from '../config/listening.ts';
import { PORTWAY_ADMIN_KEY } from '../config/variables.ts';
import { nearest } from '../keys/hint.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { DrainOutcome, ServiceStatus } from '../model/status.ts';
import { type CommandContext, type CommandInput, type ExitCode, optionValue } from './command.ts';
import { loadOrReport } from './configuration.ts';

/** Why it can't be reached, and what to do. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

interface Listing {
  readonly file: string;
  readonly services: readonly ServiceStatus[] | null;
}

type Asked = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

const ANSWER_MS = 5_000;
/** A replay takes as long as the service takes. */
const ACTION_MS = 40_000;

export class RunningGateway {
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(origin: string, key: string | undefined) {
    this.#origin = origin;
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  }

  /** The one that serves this configuration. @throws UnreachableError */
  static async serving(config: GatewayConfig, env: Environment): Promise<RunningGateway> {
    const gateway = new RunningGateway(adminOrigin(config), env[PORTWAY_ADMIN_KEY]);
    const { file } = await gateway.#listing();
    if (file !== config.file)
      throw new UnreachableError(
        `the gateway at ${gateway.#origin} serves another configuration, ${file}: give each an \`admin:\` port of its own`,
      );
    return gateway;
  }

  /** The same, which runs services, too. @throws UnreachableError */
  static async of(config: GatewayConfig, env: Environment): Promise<RunningGateway> {
    const gateway = await RunningGateway.serving(config, env);
    const { services } = await gateway.#listing();
    if (services === null)
      throw new UnreachableError(
        `the gateway at ${gateway.#origin} runs no services: it is no \`portway dev\``,
      );
    return gateway;
  }

  /** @param path of the admin listener, with its query. @throws UnreachableError */
  async read<T>(path: string): Promise<T> {
    return this.#json(path, {});
  }

  /** @throws UnreachableError */
  async post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#json(path, { method: 'POST', headers, body: JSON.stringify(body) }, ACTION_MS);
  }

  /** Its events, until `signal` is aborted or the gateway ends. @throws UnreachableError */
  async *events(
    query: string,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly name: string; readonly data: string }> {
    const answer = await this.#ask(`/events${query}`, { signal });
    let name = '';
    for await (const line of linesOf(answer)) {
      if (line.startsWith('event: ')) name = line.slice('event: '.length);
      else if (line.startsWith('data: ')) yield { name, data: line.slice('data: '.length) };
    }
  }

  async services(): Promise<readonly ServiceStatus[]> {
    return (await this.#listing()).services ?? [];
  }

  /** @throws UnreachableError if no service has this name */
  async service(name: string): Promise<ServiceStatus> {
    const services = await this.services();
    const service = services.find((one) => one.name === name);
    if (service !== undefined) return service;
    const names = services.map((one) => one.name);
    const near = nearest(name, names);
    const known = names.length === 0 ? 'it has none' : `there are ${names.join(', ')}`;
    const hint = near === null ? known : `did you mean ${near}?`;
    throw new UnreachableError(`no service of the configuration is called "${name}": ${hint}`);
  }

  async restart(name: string): Promise<void> {
    await this.#ask(`/services/${encodeURIComponent(name)}/restart`, { method: 'POST' });
  }

  /** @param drains or admits again. @param address or a port of this machine. @throws UnreachableError */
  async drain(address: string, drains: boolean): Promise<DrainOutcome> {
    const path = `/endpoints/${drains ? 'drain' : 'admit'}?address=${encodeURIComponent(address)}`;
    return this.#json(path, { method: 'POST' });
  }

  /** @param query the purge, as a query. @returns the number of forgotten URLs, and of routes that have a cache. @throws UnreachableError */
  purge(query: string): Promise<{ readonly purged: number; readonly cachedRoutes: number }> {
    return this.#json(`/cache?${query}`, { method: 'DELETE' });
  }

  /** The output of a service; with `signal` it continues until that is aborted, or the gateway ends. */
  async *log(name: string, tail: number, signal: AbortSignal | null): AsyncGenerator<string> {
    const path = `/services/${encodeURIComponent(name)}/log?tail=${tail}${signal === null ? '' : '&follow'}`;
    yield* linesOf(await this.#ask(path, { signal }));
  }

  #listing(): Promise<Listing> {
    return this.read('/services');
  }

  async #json<T>(path: string, options: Asked, withinMs = ANSWER_MS): Promise<T> {
    const answer = await this.#ask(path, { ...options, signal: AbortSignal.timeout(withinMs) });
    return (await answer.json()) as T;
  }

  async #ask(path: string, options: Asked): Promise<Response> {
    const answer = await fetch(this.#origin + path, {
      ...options,
      headers: { ...this.#headers, ...options.headers },
      redirect: 'error',
    }).catch((cause: Error) => {
      if (cause.name === 'AbortError') throw cause;
      throw new UnreachableError(
        `no gateway answers at ${this.#origin} (its admin listener): is \`portway dev\` running here?`,
      );
    });
    if (answer.ok && /json|text\/plain|event-stream/.test(answer.headers.get('content-type') ?? ''))
      return answer;
    if (answer.status === 401)
      throw new UnreachableError(
        `the gateway at ${this.#origin} asks for a key: put one into the environment as ${PORTWAY_ADMIN_KEY}`,
      );
    const problem = (await answer.json().catch(() => null)) as { detail?: unknown } | null;
    throw new UnreachableError(
      typeof problem?.detail === 'string'
        ? `the gateway at ${this.#origin} refuses: ${problem.detail}`
        : `what answers at ${this.#origin} is no gateway of this version`,
    );
  }
}

async function* linesOf(answer: Response): AsyncGenerator<string> {
  const text = answer.body?.pipeThrough(new TextDecoderStream()) ?? [];
  let rest = '';
  for await (const piece of text) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Runs a command's work on the gateway that runs here, and prints obstacles. @param reach `RunningGateway.serving` or `.of` */
export async function withRunningGateway(
  input: CommandInput,
  context: CommandContext,
  reach: typeof RunningGateway.serving,
  act: (gateway: RunningGateway) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = await loadOrReport(optionValue(input, 'config'), context);
  if (loaded === null) return 1;
  try {
    return await act(await reach(loaded.config, context.env));
  } catch (cause) {
    if (!(cause instanceof UnreachableError)) throw cause;
    context.stderr.write(`portway: ${cause.message}\n`);
    return 1;
  }
}

/** @throws UnreachableError */
function adminOrigin({ admin }: GatewayConfig): string {
  if (admin === null)
    throw new UnreachableError('this needs the admin listener, which `admin: false` switches off');
  const host = isAny(admin.host) || admin.host === 'localhost' ? '127.0.0.1' : admin.host;
  if (!isLoopback(host))
    throw new UnreachableError(`this needs the admin listener on this machine; \`admin:\` is ${admin.host}`);
  return `http://${host.includes(':') ? `[${host}]` : host}:${admin.port}`;
}
