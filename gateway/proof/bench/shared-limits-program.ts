import { mkdtempSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayChild } from '../testing/gateway-child.ts';
import { type Asked, ask } from '../testing/load.ts';
import { Processes } from '../testing/processes.ts';
import { allMeet, TestRedis } from '../testing/redis.ts';
import { quantile } from '../testing/statistics.ts';
import { endOnSignals } from '../testing/tool-options.ts';

/**
 * How exact one limit of three replicas is, with the Redis there, killed, empty, hanging and back: `node gateway/proof/bench/shared-limits-program.ts`
 * prints a row of docs/shared.md for each; requests in a second as its argument.
 */
const PER_SECOND = Number(process.argv[2] ?? 2_000);
const RATE = Math.round(PER_SECOND * 0.3);
const BURST = Math.round(RATE / 10);
const PHASE_MS = 5_000;
const TICK_MS = 10;

const processes = new Processes();

async function main(): Promise<void> {
  const redis = await TestRedis.start(processes);
  const limit = `{ rate: ${RATE}/s, burst: ${BURST}, by: route }`;
  const yaml = `shared: ${redis.url}\nlog: { access: false }\noverload: off\nroutes: { /a: { respond: { body: x }, rateLimit: ${limit} } }\n`;
  const start = () => GatewayChild.start(processes, mkdtempSync(join(tmpdir(), 'portway-bench-')), yaml);
  const replicas = await Promise.all([start(), start(), start()]);
  const ports = replicas.map(({ port }) => port);
  const meet = () => allMeet(replicas.map(({ adminPort }) => adminPort));
  await meet();
  await load(ports, 'warm', 1_000);
  await load(ports, 'the Redis answers');
  await redis.kill();
  await load(ports, 'from its SIGKILL on');
  await redis.begin();
  await load(ports, 'from its return on, with nothing in it');
  await meet();
  redis.hang();
  await load(ports, 'from its SIGSTOP on');
  redis.goOn();
  await load(ports, 'from its SIGCONT on');
}

async function load(ports: readonly number[], name: string, forMs = PHASE_MS): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const asked: Promise<Asked>[] = [];
  const began = performance.now();
  for (let sent = 0; performance.now() - began < forMs; await sleep(TICK_MS))
    for (const due = ((performance.now() - began) * PER_SECOND) / 1_000; sent < due; sent++)
      asked.push(ask(ports[sent % ports.length]!, '/a', { agent }));
  const answers = await Promise.all(asked);
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  const counted = (status: number) => answers.filter((one) => one.status === status).length;
  const passed = counted(200);
  const allowed = RATE * seconds + BURST;
  const failed = asked.length - passed - counted(429);
  const tookMs = answers.map(({ ms }) => ms);
  const at = (share: number) => quantile(tookMs, share).toFixed(1);
  const ratio = ((passed / allowed) * 100).toFixed(1);
  const cells = [
    name,
    Math.round(asked.length / seconds),
    passed,
    `${ratio} %`,
    failed,
    at(0.5),
    at(0.99),
    at(1),
  ];
  if (name !== 'warm') process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

endOnSignals();
try {
  await main();
} finally {
  await processes.killAll();
}
