import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import { ask, Load, problemOf } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import type { Fault } from '../fault.ts';
import type { Findings } from '../findings.ts';
import { steadyLoad } from '../one-service.ts';
import type { Stage } from '../stage.ts';
import { failuresOf, living, openTunnels } from './replacement.ts';

const count = 2;

export const workers: readonly Fault[] = [
  {
    id: 'workers-replaced',
    done: `SIGUSR2 under load, with 20 WebSockets open: all ${count} workers are replaced, one by one, on the same port`,
    holds:
      'no request fails, over kept connections and over new ones; WebSockets live on for as long as they may drain',
    async run(stage, seen) {
      const gateway = await startWorkers(stage);
      const before = await readyWorkers(gateway);
      const sockets = await openTunnels(stage, gateway);
      const loads = [steadyLoad(gateway), freshLoad(gateway)];
      await pause(300);
      gateway.process.signal('SIGUSR2');
      await until('all workers are others', () => haveChanged(gateway, before), 30_000);
      seen.equal('WebSockets that live', await living(sockets), sockets.length);
      await pause(stage.either(300, 2_000));
      const asked = (await Promise.all(loads.map((load) => load.stop()))).flat();
      seen.none(`of ${asked.length} requests failed`, failuresOf(asked));
      for (const socket of sockets) socket.destroy();
      await sameWorkers(gateway, seen);
    },
  },
  {
    id: 'worker-killed',
    done: 'SIGKILL of a worker under load',
    holds:
      'nobody fails but who was connected to it; new connections are served all the time; another worker takes its place',
    async run(stage, seen) {
      const gateway = await startWorkers(stage);
      const [victim, peer] = await readyWorkers(gateway);
      const [steady, fresh] = [steadyLoad(gateway), freshLoad(gateway)];
      await pause(300);
      steady.take();
      process.kill(victim!, 'SIGKILL');
      const since = performance.now();
      await until('it is replaced', () => isReplaced(gateway, victim!), 20_000);
      seen.note(`replaced after ${Math.round(performance.now() - since)} ms`);
      const kept = failuresOf(await steady.stop());
      const anew = failuresOf(await fresh.stop());
      seen.atMost('kept connections that broke', kept.length, 8);
      seen.none(
        'failures of another kind',
        [...kept, ...anew].filter((failure) => !/ECONNRESET|hang up|broken off/.test(failure)),
      );
      // One at most is on its way to each worker at any moment.
      seen.atMost('new connections that broke', anew.length, 4);
      seen.must('its peer served on', (await readyWorkers(gateway)).includes(peer!), 'it was replaced, too');
      await sameWorkers(gateway, seen);
    },
  },
];

async function startWorkers(stage: Stage): Promise<GatewayChild> {
  const service = await stage.service();
  const gateway = await stage.gateway(
    `workers: ${count}\nroutes: { /one: 127.0.0.1:${service.ports.http} }\n`,
  );
  await gateway.readyWorkers(count);
  return gateway;
}

/** A connection for each request. */
function freshLoad(gateway: GatewayChild): Load {
  return new Load({ port: gateway.port, target: () => '/one/ok', clients: 4, pauseMs: 5, fresh: true });
}

/** Process ids of the workers that serve. */
async function readyWorkers(gateway: GatewayChild): Promise<number[]> {
  return (await gateway.workers()).filter(({ state }) => state === 'ready').map(({ pid }) => pid);
}

async function haveChanged(gateway: GatewayChild, before: readonly number[]): Promise<boolean> {
  const now = await readyWorkers(gateway);
  return now.length === count && now.every((pid) => !before.includes(pid));
}

async function isReplaced(gateway: GatewayChild, victim: number): Promise<boolean> {
  const now = await readyWorkers(gateway);
  return now.length === count && !now.includes(victim);
}

async function sameWorkers(gateway: GatewayChild, seen: Findings): Promise<void> {
  const problem = problemOf(await ask(gateway.port, '/one/ok'));
  seen.none('unanswered afterwards', problem === null ? [] : [problem]);
  // Those that still drain are counted as well.
  await until('as many workers as before', async () => (await gateway.workers()).length === count, 15_000);
}
