import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicroseconds } from '../testing/cpu.ts';
import { listening } from '../testing/free-port.ts';
import { GatewayChild } from '../testing/gateway-child.ts';
import { ask, problemOf } from '../testing/load.ts';
import { succeeds, until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { quantile } from '../testing/statistics.ts';
import { endOnSignals } from '../testing/tool-options.ts';

/**
 * What a table of many routes costs: start, memory, a request, and a reload that changes one of them. `node gateway/proof/bench/many-routes-program.ts 1 10000
 * 100000` prints a row of docs/benchmarks.md for each number. CPU is user and system time of the gateway's process, threads included.
 */
const COUNTS = process.argv.slice(2).map(Number);
const REQUESTS = 10_000;
const START_MS = 120_000;
const RELOAD_MS = 120_000;

const processes = new Processes();
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

async function main(): Promise<void> {
  const service = createServer((_request, response) => response.end('x'));
  const port = await listening(service);
  for (const count of COUNTS.length > 0 ? COUNTS : [1, 10_000, 100_000]) console.log(await row(count, port));
  service.close();
}

async function row(count: number, servicePort: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'portway-routes-'));
  const began = performance.now();
  const gateway = await GatewayChild.start(processes, folder, yamlOf(count, servicePort), {
    readyMs: START_MS,
  });
  const startMs = performance.now() - began;
  const startCpuMs = cpuMicroseconds(gateway.pid) / 1_000;
  await sleep(2_000);
  const restMib = gateway.residentBytes() / MIB;
  await askMany(gateway, count, REQUESTS);
  const before = cpuMicroseconds(gateway.pid);
  await askMany(gateway, count, REQUESTS);
  const requestMicros = (cpuMicroseconds(gateway.pid) - before) / REQUESTS;
  const calm = await probed(gateway, () => sleep(2_000));
  forgetPeak(gateway.pid);
  const cpuBefore = cpuMicroseconds(gateway.pid);
  const reloadBegan = performance.now();
  const reload = await probed(gateway, async () => {
    gateway.configure(yamlOf(count, servicePort, `  /new: ${servicePort}\n`));
    await until('the change is in effect', () => succeeds(mustAnswer(gateway.port, '/new/')), RELOAD_MS);
  });
  const reloadMs = performance.now() - reloadBegan;
  const reloadCpuMs = (cpuMicroseconds(gateway.pid) - cpuBefore) / 1_000;
  const peakMib = peakKib(gateway.pid) / 1024;
  await gateway.stop();
  rmSync(folder, { recursive: true });
  const cells = [
    count.toLocaleString('en'),
    `${seconds(startMs)} (${seconds(startCpuMs)})`,
    `${restMib.toFixed(0)} MiB`,
    `${requestMicros.toFixed(0)} µs`,
    `${seconds(reloadMs)} (${seconds(reloadCpuMs)})`,
    `${peakMib.toFixed(0)} MiB`,
    `${calm.p99.toFixed(1)}, ${calm.max.toFixed(0)} ms`,
    `${reload.p99.toFixed(1)}, ${reload.max.toFixed(0)} ms`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Each hundredth leads to a service that is there. */
function yamlOf(count: number, servicePort: number, more = ''): string {
  const routes = Array.from({ length: count }, (_, at) => {
    return `  /r${at}/${at % 7}: ${at % 100 === 0 ? servicePort : 20_000 + (at % 1_000)}\n`;
  });
  return `log: { access: false }\noverload: off\nroutes:\n${routes.join('')}${more}`;
}

async function askMany(gateway: GatewayChild, count: number, requests: number): Promise<void> {
  let left = requests;
  const asker = async () => {
    while (left-- > 0) await mustAnswer(gateway.port, pathOf(left, count));
  };
  await Promise.all(Array.from({ length: 8 }, asker));
}

function pathOf(turn: number, count: number): string {
  const at = (turn * 7_900) % (Math.ceil(count / 100) * 100);
  return `/r${at}/${at % 7}/x`;
}

/** Requests one after the other while something is done: how long they took, in milliseconds. */
async function probed(
  gateway: GatewayChild,
  work: () => Promise<void>,
): Promise<{ p99: number; max: number }> {
  const tookMs: number[] = [];
  let working = true;
  const probing = (async () => {
    while (working) {
      const began = performance.now();
      await mustAnswer(gateway.port, pathOf(0, 1));
      tookMs.push(performance.now() - began);
      await sleep(1);
    }
  })();
  await work();
  working = false;
  await probing;
  return { p99: quantile(tookMs, 0.99), max: Math.max(...tookMs) };
}

async function mustAnswer(port: number, path: string): Promise<void> {
  const problem = problemOf(await ask(port, path, { agent }));
  if (problem !== null) throw new Error(problem);
}

const MIB = 1024 * 1024;

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** proc(5): of the resident memory. */
function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function peakKib(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

endOnSignals();
try {
  await main();
} finally {
  agent.destroy();
  await processes.stopAll();
}
