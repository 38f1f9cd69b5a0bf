/**
 * `node gateway/proof/bench/idle-connections.ts`: opens 10,000 keep-alive connections on one gateway process, asks once on each and leaves them idle; prints
 * what each takes of memory, how fast another client is answered meanwhile, and whether all is given back afterwards. Ends by itself, within a minute.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, untilAnswers } from './readiness.ts';
import { Workspace } from './workspace.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    lane: { type: 'string', default: 'auto' },
  },
});
const count = Number(values.connections);
const body = Buffer.alloc(100, 'x');
const openedAtOnce = 200;
const settleMs = 8_000;
const probes = 200;

const workspace = new Workspace();
try {
  const { pid, port } = await start();
  // What the first requests load and compile is no matter of connections.
  for (let i = 0; i < 50; i++) await closeAll(await open(port, 20));
  await settled(pid);
  const before = { bytes: await settled(pid), descriptors: descriptors(pid) };
  const sockets = await open(port, count);
  const idle = { bytes: await settled(pid), descriptors: descriptors(pid) };
  const latencies = await probe(port);
  await closeAll(sockets);
  const after = { bytes: await settled(pid), descriptors: descriptors(pid) };
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  process.stdout.write(
    [
      `${count} idle connections, lane ${values.lane}`,
      `resident: ${megabytes(before.bytes)} before, ${megabytes(idle.bytes)} with them, ${megabytes(after.bytes)} afterwards`,
      `per connection: ${((idle.bytes - before.bytes) / count / 1024).toFixed(2)} KiB`,
      `descriptors: ${before.descriptors} before, ${idle.descriptors} with them, ${after.descriptors} afterwards`,
      `another client meanwhile: median ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms of ${probes} requests`,
      '',
    ].join('\n'),
  );
  process.exitCode = after.descriptors <= before.descriptors + 4 ? 0 : 1;
} finally {
  await workspace.close();
}

async function start(): Promise<{ readonly pid: number; readonly port: number }> {
  const [service, port] = [await freePort(), await freePort()];
  const yaml = `port: ${port}\nadmin: false\nlog: { access: false }\nmaxConnections: ${count + 1000}\nroutes:\n  /: { to: ${service}, lane: ${values.lane} }\n`;
  const folder = workspace.makeFolder('idle', { 'gateway.config.yaml': yaml });
  const programOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const any = { cpu: null };
  await workspace.children.start([process.execPath, programOf('trivial-service.ts'), String(service)], any);
  const command = [process.execPath, programOf('../../bin/portway.js'), 'start', '--config'] as const;
  const child = await workspace.children.start([...command, `${folder}/gateway.config.yaml`], any);
  await untilAnswers(child, `http://127.0.0.1:${port}/`, body);
  return { pid: child.pid, port };
}

/** Connections that have each had an answer. */
async function open(port: number, wanted: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < wanted) {
    const some = Math.min(openedAtOnce, wanted - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => openOne(port)))));
  }
  return sockets;
}

async function openOne(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => {});
  await ask(socket);
  return socket;
}

/** @throws Error where the answer is another one, or none. */
function ask(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const closed = () => reject(new Error(`a connection ended after ${JSON.stringify(text)}`));
    socket.once('close', closed).on('data', function read(chunk: Buffer) {
      text += chunk.toString('latin1');
      if (!text.endsWith('x'.repeat(100))) return;
      socket.off('data', read).off('close', closed);
      resolve();
    });
    socket.write('GET / HTTP/1.1\r\nHost: idle.test\r\n\r\n');
  });
}

async function closeAll(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve).destroy())),
  );
}

/** The least that it held in the time that its collector needs to come round. */
async function settled(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let waited = 0; waited < settleMs; waited += 500) {
    await sleep(500);
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    least = Math.min(least, Number(resident) * 1024);
  }
  return least;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

async function probe(port: number): Promise<readonly number[]> {
  const socket = await openOne(port);
  const latencies: number[] = [];
  for (let i = 0; i < probes; i++) {
    const began = performance.now();
    await ask(socket);
    latencies.push(performance.now() - began);
  }
  await closeAll([socket]);
  return latencies.toSorted((a, b) => a - b);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
