/**
 * `node gateway/bench/hung-endpoint.ts`: three services behind one route, one of which hangs in the middle of the run. Prints how long the
 * answers of the other two took before and while it hangs, at the same rate of requests, and how many requests the hung one cost.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startGateway } from '../gateway.ts';

const RATE = Number(process.env.RATE ?? 300);
const PHASE_MS = Number(process.env.PHASE_MS ?? 8_000);
const RESPONSE_TIMEOUT = process.env.RESPONSE ?? '1s';

interface Phase {
  /** Milliseconds to the whole answer, of those that were answered 200. */
  readonly took: number[];
  failed: number;
}

/** A service process: answers with its name, or not at all once it was told to hang. */
async function serve(): Promise<void> {
  let hung = false;
  process.on('message', () => {
    hung = true;
  });
  process.on('disconnect', () => process.exit());
  const server = http.createServer((_request, response) => {
    if (!hung) response.end('ok');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  process.send?.((server.address() as { port: number }).port);
}

/** A process of its own, so that the gateway does not wait for who measures it. */
function generate(port: number): void {
  const agent = new http.Agent({ keepAlive: true });
  let phase: Phase = { took: [], failed: 0 };
  const ask = () => {
    const begun = performance.now();
    const into = phase;
    http
      .get({ port, host: '127.0.0.1', path: '/x', agent }, (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) into.took.push(performance.now() - begun);
          else into.failed++;
        });
      })
      .on('error', () => into.failed++);
  };
  let due = performance.now();
  const timer = setInterval(() => {
    for (; due <= performance.now(); due += 1_000 / RATE) ask();
  }, 1);
  process.on('message', (word) => {
    if (word === 'over') clearInterval(timer);
    process.send?.(phase);
    phase = { took: [], failed: 0 };
  });
  process.on('disconnect', () => process.exit());
}

function start(role: string, ...more: readonly string[]): ChildProcess {
  return fork(import.meta.filename, [role, ...more]);
}

async function startService(): Promise<{ child: ChildProcess; port: number }> {
  const child = start('serve');
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function report(generator: ChildProcess, word: string): Promise<Phase> {
  generator.send(word);
  const [phase] = (await once(generator, 'message')) as [Phase];
  return phase;
}

function percentile({ took }: Phase, share: number): number {
  return [...took].sort((a, b) => a - b)[Math.floor(took.length * share)] ?? Number.NaN;
}

function print(name: string, phase: Phase): void {
  const of = (share: number) => `${percentile(phase, share).toFixed(1)} ms`;
  console.log(
    `${name}: ${phase.took.length} answered, ${phase.failed} failed; p50 ${of(0.5)}, p99 ${of(0.99)}`,
  );
}

async function main(): Promise<void> {
  const services = [await startService(), await startService(), await startService()];
  const folder = await mkdtemp(join(tmpdir(), 'portway-hung-'));
  const configFile = join(folder, 'gateway.config.yaml');
  const to = services.map(({ port }) => port).join(', ');
  await writeFile(
    configFile,
    `log: { access: false }\nroutes:\n  /x: { to: [${to}], timeouts: { response: ${RESPONSE_TIMEOUT} } }\n`,
  );
  const log = pino({ level: 'info' }, { write: (line: string) => console.log(JSON.parse(line).msg) });
  const listen = { port: 0, adminPort: 0 };
  const gateway = await startGateway({ configFile, env: {}, mode: 'production', log, listen });
  const generator = start('generate', String(gateway.address.port));
  await rest(2_000);
  await report(generator, 'warm');
  await rest(PHASE_MS);
  const before = await report(generator, 'before');
  services[0]?.child.send('hang');
  await rest(PHASE_MS);
  const during = await report(generator, 'over');
  print('before', before);
  print('while one hangs', during);
  console.log(`p99 ratio ${(percentile(during, 0.99) / percentile(before, 0.99)).toFixed(2)}`);
  for (const child of [generator, ...services.map((service) => service.child)]) child.disconnect();
  await gateway.close(0);
  await rm(folder, { recursive: true });
}

const [, , role, port] = process.argv;
if (role === 'serve') await serve();
else if (role === 'generate') generate(Number(port));
else await main();
