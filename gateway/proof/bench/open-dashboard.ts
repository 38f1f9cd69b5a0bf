import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { startGateway } from '../../gateway.ts';
import type { Inspector } from '../../observe/exchanges/inspector.ts';
import type { GatewayMetrics } from '../../observe/metrics/gateway-metrics.ts';
import { freePorts } from '../testing/free-port.ts';
import { quantile } from '../testing/statistics.ts';
import { endOnSignals } from '../testing/tool-options.ts';
import { Workspace } from './workspace.ts';

// What the dashboard costs the process that carries, in CPU time of all its threads for each request, under an even load:
//
//   node gateway/proof/bench/open-dashboard.ts open PAIRS PER_SECOND WINDOW_MS [FILE]
//   node gateway/proof/bench/open-dashboard.ts closed|closed-dev PAIRS PER_SECOND WINDOW_MS [FILE]
//
// `open`: one gateway, with a reader of the Stream (the page that asks for the most) and without one in turn. A pair is two windows right after each
// other, in an order that changes, so that what else the machine does falls on both. Short windows contain relatively more of the burst of a page that
// is being opened; long ones are fewer.
//
// `closed`: an admin listener that nobody asks, beside `admin: false`. Two processes under the same load at the same time, anew for each pair, because
// two processes of the same program differ by a percent or two for as long as they live.
//
// With FILE each pair is added to those of earlier runs, and the figures are of all that had windows of the same length.

const ANSWER = 'hello';
const SETTLE_MS = 300;
/**
 * V8 compiles beside the process, on CPU time of the process: at 500/s for a minute after the start, and again what a page that opens uses for the first
 * time. So a faster load comes before, with the page open and closed.
 */
const WARM_UP_MS = 12_000;
const WARM_UP_PER_SECOND = 3_000;
const TURNS = 4;
const SETTLED_MS = 3_000;
const SELF = fileURLToPath(import.meta.url);
const LOAD = fileURLToPath(new URL('../testing/own-load-program.ts', import.meta.url));
const ORIGIN = fileURLToPath(new URL('./origin-program.ts', import.meta.url));

interface Plan {
  readonly what: string;
  readonly pairs: number;
  readonly perSecond: number;
  readonly windowMs: number;
}

/** CPU time and requests so far. */
interface Reading {
  readonly us: number;
  readonly requests: number;
}

/** The composition root's own parts, which it does not export. */
interface Inside {
  readonly exchanges: Inspector;
  readonly metrics: GatewayMetrics;
}

/** A gateway in a process of its own, under load. */
class LoadedGateway {
  readonly #workspace: Workspace;
  readonly #gateway: ChildProcess;
  /** Reads the Stream, as soon as it is asked to. */
  readonly viewer: ChildProcess;

  private constructor(workspace: Workspace, gateway: ChildProcess, viewer: ChildProcess) {
    this.#workspace = workspace;
    this.#gateway = gateway;
    this.viewer = viewer;
  }

  static async start(
    mode: string,
    admin: string,
    perSecond: number,
    seconds: number,
  ): Promise<LoadedGateway> {
    const [port, originPort] = (await freePorts(2)) as [number, number];
    const workspace = new Workspace();
    const yaml = `port: ${port}\nadmin: ${admin}\noverload: off\nroutes: { /db: ${originPort} }\n`;
    const folder = workspace.makeFolder('gateway', { small: ANSWER, 'gateway.config.yaml': yaml });
    const start = async (program: string, ...args: string[]) => {
      const command = [process.execPath, program, ...args] as const;
      return (await workspace.processes.start(command, { channel: program === SELF })).child;
    };
    const gateway = await start(SELF, 'gateway', mode, join(folder, 'gateway.config.yaml'), String(port));
    const [adminPort] = (await once(gateway, 'message')) as [number];
    const viewer = await start(SELF, 'viewer', String(adminPort));
    await start(ORIGIN, folder, String(originPort));
    const url = `http://127.0.0.1:${port}/db/small`;
    const load = { url, connections: 32, seconds, messageBytes: 0, perSecond };
    const faster = { ...load, seconds: WARM_UP_MS / 1_000, perSecond: WARM_UP_PER_SECOND };
    for (const one of [load, faster]) await start(LOAD, JSON.stringify(one));
    return new LoadedGateway(workspace, gateway, viewer);
  }

  async #ask<T>(what: 'read' | 'forget'): Promise<T> {
    this.#gateway.send(what);
    return ((await once(this.#gateway, 'message')) as [T])[0];
  }

  /** The page was closed: exchanges are kept for a minute more otherwise. */
  forget(): Promise<unknown> {
    return this.#ask('forget');
  }

  /** @returns CPU microseconds for each request. */
  async window(ms: number): Promise<number> {
    const before = await this.#ask<Reading>('read');
    await sleep(ms);
    const { us, requests } = await this.#ask<Reading>('read');
    return (us - before.us) / (requests - before.requests);
  }

  stop(): Promise<void> {
    return this.#workspace.close();
  }
}

/** Runs as the child of `LoadedGateway`. */
async function serve(mode: string, configFile: string, port: string): Promise<void> {
  const discard = new Writable({ write: (_chunk, _encoding, done) => done() });
  const gateway = await startGateway({
    configFile,
    env: {},
    mode: mode as 'production' | 'development',
    log: pino(discard),
    listen: { port: Number(port), adminPort: 0 },
  });
  const { exchanges, metrics } = gateway as unknown as Inside;
  process.on('message', (what) => {
    if (what === 'forget') exchanges.until = 0;
    const { user, system } = process.cpuUsage();
    const requests = metrics.traffic.of('/db').bytesOut / ANSWER.length;
    process.send!({ us: user + system, requests });
  });
  process.send!(gateway.adminAddress?.port ?? 0);
}

/** @returns of each pair the natural logarithm of open by closed. */
async function* comparePages({ pairs, perSecond, windowMs }: Plan): AsyncGenerator<number> {
  const seconds = (WARM_UP_MS + SETTLED_MS + pairs * 2 * (windowMs + SETTLE_MS)) / 1_000 + 10;
  const gateway = await LoadedGateway.start('production', '3900', perSecond, seconds);
  const window = async (open: boolean, ms = windowMs): Promise<number> => {
    gateway.viewer.send(open);
    await once(gateway.viewer, 'message');
    if (!open) await gateway.forget();
    await sleep(SETTLE_MS);
    return gateway.window(ms);
  };
  for (let at = 0; at < TURNS; at++) await window(at % 2 === 0, WARM_UP_MS / TURNS);
  await window(false, SETTLED_MS);
  for (let at = 0; at < pairs; at++) {
    const took = new Map<boolean, number>();
    for (const open of at % 2 === 0 ? [false, true] : [true, false]) took.set(open, await window(open));
    yield Math.log(took.get(true)! / took.get(false)!);
  }
  await gateway.stop();
}

/** @returns the same of an admin listener by none. */
async function* compareListeners({ what, pairs, perSecond, windowMs }: Plan): AsyncGenerator<number> {
  const mode = what === 'closed-dev' ? 'development' : 'production';
  const seconds = (WARM_UP_MS + SETTLED_MS + windowMs) / 1_000 + 10;
  for (let at = 0; at < pairs; at++) {
    const order = at % 2 === 0 ? ['3900', 'false'] : ['false', '3900'];
    const gateways = await Promise.all(
      order.map((admin) => LoadedGateway.start(mode, admin, perSecond, seconds)),
    );
    await sleep(WARM_UP_MS + SETTLED_MS);
    const [first, second] = (await Promise.all(gateways.map((one) => one.window(windowMs)))) as [
      number,
      number,
    ];
    for (const one of gateways) await one.stop();
    yield at % 2 === 0 ? Math.log(first / second) : Math.log(second / first);
  }
}

const percent = (log: number) => `${((Math.exp(log) - 1) * 100).toFixed(1)} %`;
const between = ([low, high]: readonly [number, number]) => `95 %: ${percent(low)} to ${percent(high)}`;

/** Of the mean: normal, for there are many. */
function meanOf(values: readonly number[]): string {
  const sum = (all: readonly number[]) => all.reduce((total, value) => total + value, 0);
  const mean = sum(values) / values.length;
  const variance = sum(values.map((one) => (one - mean) ** 2)) / (values.length - 1);
  const reach = 1.96 * Math.sqrt(variance / values.length);
  return `mean ${percent(mean)} (${between([mean - reach, mean + reach])})`;
}

/** Of the median, by the order of the values: no shape of the noise is assumed. */
function medianOf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const reach = 0.98 * Math.sqrt(sorted.length);
  const at = (rank: number) => sorted[Math.max(0, Math.min(sorted.length - 1, Math.round(rank)))]!;
  const interval = [at(sorted.length / 2 - reach - 0.5), at(sorted.length / 2 + reach - 0.5)] as const;
  return `median ${percent(quantile(values, 0.5))} (${between(interval)})`;
}

/** Reads the stream as the page does, until it is stopped. */
function view(adminPort: number): void {
  let stream: http.ClientRequest | null = null;
  process.on('message', (open: boolean) => {
    stream?.destroy();
    stream = null;
    if (!open) return void process.send!('closed');
    stream = http.get({ port: adminPort, host: '127.0.0.1', path: '/events', agent: false }, (answer) => {
      answer.on('error', () => {}).resume();
      process.send!('open');
    });
    stream.on('error', () => {});
  });
}

async function main(plan: Plan, file: string | undefined): Promise<void> {
  const { what, perSecond, windowMs } = plan;
  const key = `${what} ${windowMs} `;
  const before = file === undefined || !existsSync(file) ? [] : readFileSync(file, 'utf8').split('\n');
  const logs = before.filter((line) => line.startsWith(key)).map((line) => Number(line.slice(key.length)));
  for await (const log of what === 'open' ? comparePages(plan) : compareListeners(plan)) {
    logs.push(log);
    if (file !== undefined) appendFileSync(file, `${key}${log}\n`);
  }
  console.log(
    `${what}, more CPU for each request: ${meanOf(logs)}, ${medianOf(logs)}; ${logs.length} pairs of ${windowMs} ms at ${perSecond}/s`,
  );
}

endOnSignals();
const [what = 'open', first, second, third, file] = process.argv.slice(2);
if (what === 'viewer') view(Number(first));
else if (what === 'gateway') await serve(first!, second!, third!);
else
  await main(
    { what, pairs: Number(first ?? 40), perSecond: Number(second ?? 500), windowMs: Number(third ?? 2_000) },
    file,
  );
