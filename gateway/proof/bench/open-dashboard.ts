import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
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

// What an open dashboard costs the process that carries: `node gateway/proof/bench/open-dashboard.ts [PAIRS] [PER_SECOND] [WINDOW_MS]`. One gateway
// under an even load, with its page (the stream, which asks for the most) open and closed in turn: each pair is two windows right after each other, in
// an order that changes, so that what else the machine does falls on both. CPU time is the process's own, of all its threads.
//
// A window of a second has few collections of the young generation, so that one more or less is much of it, and the burst of a page that opens (its
// sample is full again, its first status is told) is a third of it. So long windows measure a page that is open, short ones one that is being opened.
// The mean is told beside the median, for what happens in few windows costs, too.

const ANSWER = 'hello';
const SETTLE_MS = 300;
const WARM_UP_MS = 5_000;
const LOAD = fileURLToPath(new URL('../testing/own-load-program.ts', import.meta.url));
const ORIGIN = fileURLToPath(new URL('./origin-program.ts', import.meta.url));

/** What the composition root has and does not promise: whether somebody looks is settled here, and what was served is read. */
interface Inside {
  readonly exchanges: Inspector;
  readonly metrics: GatewayMetrics;
}

async function main(pairs: number, perSecond: number, windowMs: number): Promise<void> {
  const [port, originPort] = (await freePorts(2)) as [number, number];
  const folder = await mkdtemp(join(tmpdir(), 'portway-open-'));
  writeFileSync(join(folder, 'small'), ANSWER);
  const configFile = join(folder, 'gateway.config.yaml');
  writeFileSync(configFile, `port: ${port}\nadmin: 3900\noverload: off\nroutes: { /db: ${originPort} }\n`);
  const discard = new Writable({ write: (_chunk, _encoding, done) => done() });
  const listen = { port, adminPort: 0 };
  const gateway = await startGateway({ configFile, env: {}, mode: 'production', log: pino(discard), listen });
  const seconds = (WARM_UP_MS + pairs * 2 * (windowMs + SETTLE_MS)) / 1_000 + 10;
  const url = `http://127.0.0.1:${port}/db/small`;
  const load = { url, connections: 32, seconds, messageBytes: 0, perSecond };
  const programs = [
    spawn(process.execPath, [ORIGIN, folder, String(originPort)]),
    spawn(process.execPath, [LOAD, JSON.stringify(load)], { stdio: 'ignore' }),
  ];
  const viewer = fork(fileURLToPath(import.meta.url), ['viewer', String(gateway.adminAddress!.port)]);
  const { exchanges, metrics } = gateway as unknown as Inside;
  const served = () => metrics.traffic.of('/db').bytesOut / ANSWER.length;
  const window = async (open: boolean): Promise<number> => {
    viewer.send(open);
    await once(viewer, 'message');
    if (!open) exchanges.until = 0;
    await sleep(SETTLE_MS);
    const [before, requests] = [process.cpuUsage(), served()];
    await sleep(windowMs);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (served() - requests);
  };
  await sleep(WARM_UP_MS / 2);
  await window(true);
  await sleep(WARM_UP_MS / 2);
  const ratios: number[] = [];
  const closedUs: number[] = [];
  for (let at = 0; at < pairs; at++) {
    const order = at % 2 === 0 ? [false, true] : [true, false];
    const took = new Map<boolean, number>();
    for (const open of order) took.set(open, await window(open));
    ratios.push(took.get(true)! / took.get(false)!);
    closedUs.push(took.get(false)!);
  }
  for (const program of [...programs, viewer]) program.kill();
  await gateway.close(0);
  await rm(folder, { recursive: true });
  const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(1)} %`;
  const between = ([low, high]: readonly [number, number]) => `${percent(low)} to ${percent(high)}`;
  const { value, interval } = meanOf(ratios);
  const mean = `mean ${percent(value)} (two standard errors to both sides: ${between(interval)})`;
  const median = `median ${percent(quantile(ratios, 0.5))} (95 %: ${between(intervalOfMedian(ratios))})`;
  console.log(
    `open, more CPU for each request: ${mean}, ${median}; ${pairs} pairs of ${windowMs} ms at ${perSecond}/s; closed: ${quantile(closedUs, 0.5).toFixed(1)} us`,
  );
}

function meanOf(values: readonly number[]): { value: number; interval: readonly [number, number] } {
  const sum = (all: readonly number[]) => all.reduce((total, value) => total + value, 0);
  const value = sum(values) / values.length;
  const variance = sum(values.map((one) => (one - value) ** 2)) / (values.length - 1);
  const reach = 2 * Math.sqrt(variance / values.length);
  return { value, interval: [value - reach, value + reach] };
}

/** Of the median, by the order of the values: no shape of the noise is assumed. */
function intervalOfMedian(values: readonly number[]): [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const reach = 0.98 * Math.sqrt(sorted.length);
  const at = (rank: number) => sorted[Math.max(0, Math.min(sorted.length - 1, Math.round(rank)))]!;
  return [at(sorted.length / 2 - reach - 0.5), at(sorted.length / 2 + reach - 0.5)];
}

/** Reads the stream as the page does, while it is told to. */
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

const [what, number, windowMs] = process.argv.slice(2);
if (what === 'viewer') view(Number(number));
else await main(Number(what ?? 40), Number(number ?? 2_000), Number(windowMs ?? 10_000));
