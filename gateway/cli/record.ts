import { createInterface } from 'node:readline';
import { keptLine } from '../config/route-tests.ts';
import type { GatewayConfig } from '../model/config.ts';
import { type RouteTable, routeTableOf } from '../route/table.ts';
import { type CommandInput, optionValue, type RunCommand, UsageError } from './command.ts';
import { loadOrReport } from './configuration.ts';

/** Makes `tests:` from the log of a gateway, which comes in by standard input. */
export const record: RunCommand = async (input, context) => {
  const perRoute = perRouteOf(input);
  const { stdin } = context.process;
  if (stdin.isTTY) throw new UsageError('pipe the log of a gateway in: `portway record < gateway.log`');
  const loaded = await loadOrReport(optionValue(input, 'config'), context);
  if (loaded === null) return 1;
  const recording = new Recording(loaded.config, perRoute);
  const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  context.process.on('SIGINT', () => lines.close());
  for await (const line of lines) recording.read(line);
  context.stdout.write(recording.text());
  context.stderr.write(recording.summary());
  return recording.isEmpty ? 1 : 0;
};

/** @throws UsageError */
function perRouteOf(input: CommandInput): number {
  const written = optionValue(input, 'per-route') ?? '3';
  if (!/^[1-9]\d{0,2}$/.test(written))
    throw new UsageError(`--per-route expects a number from 1 to 999, got "${written}"`);
  return Number(written);
}

class Recording {
  readonly #config: GatewayConfig;
  readonly #table: RouteTable;
  readonly #perRoute: number;
  readonly #lines = new Set<string>();
  readonly #perKey = new Map<string, number>();
  #exchanges = 0;
  #unprinted = 0;

  constructor(config: GatewayConfig, perRoute: number) {
    this.#config = config;
    this.#table = routeTableOf(config, 'production');
    this.#perRoute = perRoute;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** Lines that are no exchange are passed over. */
  read(line: string): void {
    const exchange = exchangeIn(line);
    if (exchange === null) return;
    this.#exchanges++;
    const { method, route } = exchange;
    const key = `${method} ${route}`;
    const count = this.#perKey.get(key) ?? 0;
    if (count >= this.#perRoute || this.#lines.size >= MOST) return;
    const url = urlOf(exchange, this.#config.tls === null ? 'http' : 'https');
    const kept = url === null ? null : keptLine({ method, url }, route, this.#table, this.#config);
    if (kept === null) this.#unprinted++;
    else if (!this.#lines.has(kept)) {
      this.#lines.add(kept);
      this.#perKey.set(key, count + 1);
    }
  }

  text(): string {
    if (this.isEmpty) return '';
    return `tests:\n${[...this.#lines].map((line) => `  - ${JSON.stringify(line)}\n`).join('')}`;
  }

  summary(): string {
    if (this.#exchanges === 0)
      return 'portway: no line of standard input is an exchange: it takes the JSON log of a gateway (`log: { format: json }`)\n';
    const unprinted =
      this.#unprinted === 0
        ? ''
        : `; left out, because they depend on fields or an address: ${this.#unprinted}`;
    return `${this.#lines.size} lines of ${this.#exchanges} exchanges${unprinted}\n`;
  }
}

/** As many as a file may have. */
const MOST = 1_000;

interface LoggedExchange {
  readonly method: string;
  readonly target: string;
  readonly route: string | null;
}

function exchangeIn(line: string): LoggedExchange | null {
  if (!line.startsWith('{')) return null;
  const { msg, method, target, route } = parsed(line);
  if (msg !== 'exchange' || typeof method !== 'string' || typeof target !== 'string') return null;
  return typeof route === 'string' || route === null ? { method, target, route } : null;
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/** Without the query, which may hold secrets; with the host if the route has one. `null`: a line can't express it. */
function urlOf({ target, route }: LoggedExchange, scheme: 'http' | 'https'): string | null {
  const [path = ''] = target.split('?', 1);
  if (!/^\/[\w!$%&'()*+.:;=@~/-]*$/.test(path) || path.includes('->')) return null;
  const host = route === null || route.startsWith('/') ? '' : route.replace(/[/#].*$/, '');
  if (host.includes('*')) return null;
  return host === '' ? path : `${scheme}://${host}${path}`;
}
