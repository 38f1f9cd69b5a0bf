/**
 * `node gateway/proof/bench/hung-endpoint.ts`: what one hung service of three costs the other two. Two gateways carry the same requests at the same
 * rate and time; behind one of them a service hangs after a while. So whatever else the machine does disturbs both, and what differs is the
 * hung service's doing. Environment: RATE (requests a second to each), PHASE_MS, RESPONSE (the response timeout).
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { pino } from 'pino';
import { startGateway } from '../../gateway.ts';

const RATE = Number(process.env.RATE ?? 200);
const PHASE_MS = Number(process.env.PHASE_MS ?? 8_000);
const RESPONSE = process.env.RESPONSE ?? '1s';

/** How the requests to one gateway went. */
interface Phase {
  /** Milliseconds to the whole answer, of those that were answered 200. */
  readonly took: number[];
  failed: number;
}

/** Answers, or not at all once it was told to hang. */
async function serve(): Promise<void> {
  let hung = false;
  process.on('message', () => {
    hung = true;
  });
  const server = http.createServer((_request, response) => {
    if (!hung) response.end('ok');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  process.send?.((server.address() as { port: number }).port);
}

async function carry(to: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'portway-hung-'));
  const configFile = join(folder, 'gateway.config.yaml');
  const yaml = `log: { access: false }\nroutes:\n  /x: { to: [${to}], timeouts: { response: ${RESPONSE} } }\n`;
  await writeFile(configFile, yaml);
  const log = pino({ level: 'warn' }, { write: (line: string) => console.log(JSON.parse(line).msg) });
  const listen = { port: 0, adminPort: 0 };
  const gateway = await startGateway({ configFile, env: {}, mode: 'production', log, listen });
  process.on('exit', () => rmSync(folder, { recursive: true }));
  process.send?.(gateway.address.port);
}

/** Sends to both gateways by turns, and tells how it went since it was asked the last time. */
function generate(ports: readonly number[]): void {
  const agent = new http.Agent({ keepAlive: true });
  const begin = (): Phase[] => ports.map(() => ({ took: [], failed: 0 }));
  let phases = begin();
  const ask = (at: number) => {
    const into = phases[at]!;
    const begun = performance.now();
    http
      .get({ port: ports[at], host: '127.0.0.1', path: '/x', agent }, (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) into.took.push(performance.now() - begun);
          else into.failed++;
        });
      })
      .on('error', () => into.failed++);
  };
  let due = performance.now();
  setInterval(() => {
    for (; due <= performance.now(); due += 1_000 / RATE) for (const at of ports.keys()) ask(at);
  }, 1);
  process.on('message', () => {
    process.send?.(phases);
    phases = begin();
  });
}

async function start(
  role: string,
  ...more: readonly string[]
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(import.meta.filename, [role, ...more]);
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

async function report(generator: ChildProcess): Promise<readonly [Phase, Phase]> {
  generator.send('report');
  const [phases] = (await once(generator, 'message')) as [readonly [Phase, Phase]];
  return phases;
}

function percentile({ took }: Phase, share: number): number {
  return [...took].sort((a, b) => a - b)[Math.floor(took.length * share)] ?? Number.NaN;
}

function print(when: string, [all, hung]: readonly [Phase, Phase]): void {
  const of = (phase: Phase) =>
    `${phase.took.length} answered, ${phase.failed} failed, p50 ${percentile(phase, 0.5).toFixed(2)} ms, p99 ${percentile(phase, 0.99).toFixed(2)} ms`;
  console.log(`${when}\n  all three well:  ${of(all)}\n  one that hangs:  ${of(hung)}`);
  console.log(`  p99 ratio ${(percentile(hung, 0.99) / percentile(all, 0.99)).toFixed(2)}`);
}

async function main(): Promise<void> {
  const services = await Promise.all(Array.from({ length: 6 }, () => start('serve')));
  const to = services.map(({ port }) => String(port));
  const gateways = [
    await start('carry', to.slice(0, 3).join(', ')),
    await start('carry', to.slice(3).join(', ')),
  ];
  const generator = fork(import.meta.filename, ['generate', ...gateways.map(({ port }) => String(port))]);
  await rest(2_000);
  await report(generator);
  await rest(PHASE_MS);
  print('before', await report(generator));
  services[5]!.child.send('hang');
  await rest(PHASE_MS);
  print('while one hangs', await report(generator));
  for (const child of [generator, ...[...gateways, ...services].map((one) => one.child)]) child.disconnect();
}

const [, , role, ...more] = process.argv;
if (role !== undefined) process.on('disconnect', () => process.exit());
if (role === 'serve') await serve();
else if (role === 'carry') await carry(more[0]!);
else if (role === 'generate') generate(more.map(Number));
else await main();
