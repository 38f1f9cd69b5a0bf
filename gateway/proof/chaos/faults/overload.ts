import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuMicroseconds } from '../../testing/cpu.ts';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import { get } from '../../testing/http-client.ts';
import { ask, problemOf } from '../../testing/load.ts';
import { findProgram } from '../../testing/machine.ts';
import { type OwnLoadResult, runOwnLoad } from '../../testing/own-load.ts';
import { quantile } from '../../testing/statistics.ts';
import { type Fault, Skip } from '../fault.ts';
import { graceMs } from '../seen-answers.ts';
import type { Stage } from '../stage.ts';

const patienceMs = 1_000;
const idleKiB = 64;

/** Arguments of Debian's slowhttptest. */
const slowModes = {
  heads: ['-H', '-t', 'GET'],
  bodies: ['-B', '-t', 'POST'],
  readers: ['-X', '-t', 'GET', '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-k', '3'],
  ranges: ['-R', '-t', 'HEAD'],
} as const;

export const overload: readonly Fault[] = [
  {
    id: 'overload-twice-the-peak',
    done: 'requests come at twice the rate that the gateway can carry, whether those before have been answered or not',
    holds: `for each second of its CPU time it answers at least 80 % (in short runs 50 %) of its peak within ${patienceMs / 1_000} s; everybody else gets a 503`,
    limitMs: 180_000,
    async run(stage, seen) {
      const routes = `maxConnections: 40000\nroutes: { /cheap: ${await cheapService(stage)} }\n`;
      const willing = await stage.gateway(`overload: off\n${routes}`);
      const { perSecond } = await offer(stage, willing, { connections: 500 });
      // A quarter of a second's work makes turns of the loop longer than the bound. All of them refused each second, as Retry-After lets them, costs an eighth of it.
      const connections = Math.min(Math.max(Math.round(perSecond / 4), 200), 3_000);
      const peak = await offer(stage, willing, { connections });
      const gateway = await stage.gateway(`overload: { eventLoopDelay: 200ms }\n${routes}`);
      await offer(stage, gateway, { connections });
      seen.note(`peak ${Math.round(peak.perSecond)}/s on ${connections} connections`);
      const least = stage.either(50, 80);
      let offered = peak;
      let share = 0;
      const failures = new Set<string>();
      // Others may take the machine away for a while, and then it is more than twice. Nothing makes a wrong window right (0059).
      for (let window = 0; window < 3 && share < least; window++) {
        offered = await offer(stage, gateway, { connections, perSecond: 2 * peak.perSecond });
        share = (100 * offered.perCpuSecond) / peak.perCpuSecond;
        for (const what of Object.keys(offered.failures)) if (what !== 'status 503') failures.add(what);
        seen.note(`in time ${Math.round((100 * offered.perSecond) / peak.perSecond)} % of the peak`);
      }
      seen.atLeast('by CPU time', share, least, ' %');
      seen.note(`${offered.answers[503]?.count ?? 0} × 503, ${offered.lost} found no connection free`);
      seen.none('failures of another kind', [...failures]);
    },
  },
  {
    id: 'idle-connections',
    done: 'thousands of keep-alive connections each ask once, and then nothing more',
    holds: `none takes more than ${idleKiB} KiB; another client is answered as quickly as ever`,
    limitMs: 180_000,
    async run(stage, seen) {
      const count = stage.either(1_000, 8_000);
      const gateway = await stage.gateway(
        `maxConnections: ${count + 100}\nroutes: { /cheap: ${await cheapService(stage)} }\n`,
      );
      await openIdle(stage, gateway, 200);
      await pause(stage.either(500, 5_000));
      const before = gateway.residentBytes();
      await openIdle(stage, gateway, count - 200);
      await pause(stage.either(500, 5_000));
      const each = (gateway.residentBytes() - before) / (count - 200) / 1_024;
      seen.note(`${count} connections`);
      seen.atMost('each takes', each, idleKiB, ' KiB');
      await probe(seen, gateway, 500, graceMs);
    },
  },
  {
    id: 'slow-attacks',
    done: 'slowhttptest (Debian) opens 500 connections in each of its modes: slow heads, slow bodies, slow readers, ranges',
    holds: 'another client is answered all the while; nothing of the attack stays behind',
    limitMs: 180_000,
    async run(stage, seen) {
      const found = findProgram('slowhttptest', ['-h'], /v(\S+)/);
      if (found === null) throw new Skip('slowhttptest is not installed (apt-get install slowhttptest)');
      const service = await stage.service();
      const gateway = await stage.gateway(
        `timeouts: { idle: 1s }\nroutes: { /svc: ${service.ports.http}, /cheap: ${await cheapService(stage)} }\n`,
      );
      const seconds = stage.either(3, 20);
      const common = ['-c', '500', '-r', '250', '-i', '10', '-l', String(seconds), '-x', '24', '-p', '3'];
      const target = ['-u', `http://127.0.0.1:${gateway.port}/svc/ok?bytes=1048576`];
      for (const [mode, args] of Object.entries(slowModes)) {
        const attack = await stage.processes.start([found.path, ...args, ...common, ...target]);
        seen.note(mode);
        await probe(seen, gateway, seconds * 1_000, 2_000 + graceMs);
        await attack.stop();
      }
    },
  },
];

/** The cheapest service that there can be: each read is one request, and gets the same answer. */
async function cheapService(stage: Stage): Promise<number> {
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n${'x'.repeat(100)}`;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', () => socket.write(answer, 'latin1')).on('error', () => {});
    stage.atRowEnd(() => socket.destroy());
  });
  await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }), 'listening');
  stage.atRowEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Offered extends OwnLoadResult {
  /** Answered 200 in time. */
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

/** @param perSecond default as many as the answers allow, which is the peak. */
async function offer(
  stage: Stage,
  gateway: GatewayChild,
  { connections, perSecond = null }: { readonly connections: number; readonly perSecond?: number | null },
): Promise<Offered> {
  const before = cpuMicroseconds(gateway.pid);
  const result = await runOwnLoad(stage.processes, {
    url: `http://127.0.0.1:${gateway.port}/cheap/`,
    connections,
    seconds: stage.either(3, 8),
    messageBytes: 0,
    perSecond,
    patienceMs,
    // What waits for a connection waits in the generator: answers to it must not be late before they are asked for.
    freeWithinMs: patienceMs / 10,
  });
  const cpuSeconds = (cpuMicroseconds(gateway.pid) - before) / 1e6;
  const { inTime } = result.answers[200] ?? { inTime: 0 };
  return { ...result, perSecond: inTime / result.seconds, perCpuSecond: inTime / cpuSeconds };
}

/** Connections that have each had an answer. */
async function openIdle(stage: Stage, { port }: GatewayChild, count: number): Promise<void> {
  for (let opened = 0; opened < count; opened += 100) {
    const clients = await Promise.all(Array.from({ length: 100 }, () => stage.connect(port)));
    await Promise.all(clients.map((client) => client.exchange(get('/cheap/'))));
  }
}

/** Another client, which asks again and again. */
async function probe(
  seen: Parameters<Fault['run']>[1],
  { port }: GatewayChild,
  forMs: number,
  mostMs: number,
): Promise<void> {
  const asked: Awaited<ReturnType<typeof ask>>[] = [];
  for (const end = performance.now() + forMs; performance.now() < end; await pause(20))
    asked.push(await ask(port, '/cheap/'));
  seen.none(
    `of ${asked.length} others failed`,
    asked.flatMap((each) => problemOf(each) ?? []),
  );
  const times = asked.map(({ ms }) => ms);
  seen.note(`answered after ${quantile(times, 0.5).toFixed(1)} ms (median)`);
  seen.atMost('p99', quantile(times, 0.99), mostMs, ' ms');
}
