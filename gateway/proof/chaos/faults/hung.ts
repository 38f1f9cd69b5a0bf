import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import { type Asked, Load } from '../../testing/load.ts';
import { quantile } from '../../testing/statistics.ts';
import type { Fault } from '../fault.ts';
import type { Findings } from '../findings.ts';
import type { ServiceChild } from '../service-child.ts';
import type { Stage } from '../stage.ts';
import { failuresOf } from './replacement.ts';

/** A p99 of a few hundred answers moves this much from one second to the next. */
const jitterMs = 15;

const bound = `at most 1.5 times what it was, or ${jitterMs} ms more, and what requests without the gateway have lost meanwhile`;

export const hung: readonly Fault[] = [
  {
    id: 'one-hung-of-three',
    done: 'of three services, each with its own route and load, one hangs (SIGSTOP)',
    holds: `the p99 of the other two is ${bound}; not one of their requests fails`,
    async run(stage, seen) {
      const services = await threeServices(stage);
      const routes = services.map(({ ports }, at) => `  /s${at}: 127.0.0.1:${ports.http}`).join('\n');
      const gateway = await stage.gateway(`timeouts: { response: 1s }\nroutes:\n${routes}\n`);
      const third = loadOn(gateway.port, '/s2/ok');
      const windows = new Windows(
        stage,
        [loadOn(gateway.port, '/s0/ok'), loadOn(gateway.port, '/s1/ok')],
        services[0]!,
      );
      const before = await windows.next();
      services[2]!.freeze();
      await windows.compare(seen, before);
      services[2]!.thaw();
      await Promise.all([windows.stop(), third.stop()]);
    },
  },
  {
    id: 'one-hung-endpoint',
    done: 'of three endpoints of one route, one hangs under load (SIGSTOP), and later goes on',
    holds: `it is left out after its first failures; then no request fails, and their p99 is ${bound}`,
    async run(stage, seen) {
      const services = await threeServices(stage);
      const gateway = await startThree(stage, services);
      const load = loadOn(gateway.port, '/three/ok', 6);
      const windows = new Windows(stage, [load], services[0]!);
      const before = await windows.next();
      services[2]!.freeze();
      await pause(2_500);
      seen.atMost('failed until it was left out', failuresOf(load.take()).length, 12);
      await windows.compare(seen, before);
      services[2]!.thaw();
      await windows.stop();
    },
  },
];

function threeServices(stage: Stage): Promise<ServiceChild[]> {
  return Promise.all([stage.service(), stage.service(), stage.service()]);
}

function startThree(stage: Stage, services: readonly ServiceChild[]): Promise<GatewayChild> {
  const to = services.map(({ ports }) => `127.0.0.1:${ports.http}`).join(', ');
  return stage.gateway(
    `timeouts: { response: 500ms }\nroutes: { /three: { to: [${to}], ejection: { failures: 3, for: 60s } } }\n`,
  );
}

function loadOn(port: number, target: string, clients = 4): Load {
  return new Load({ port, target: () => target, clients, pauseMs: 3 });
}

/** The requests of one stretch of time. */
interface Window {
  readonly through: readonly Asked[];
  /** Of a healthy service, without the gateway: what the machine itself does to requests. */
  readonly direct: readonly Asked[];
}

/** Stretches of the same length, one after the other. */
class Windows {
  readonly #stage: Stage;
  readonly #loads: readonly Load[];
  readonly #direct: Load;

  constructor(stage: Stage, loads: readonly Load[], healthy: ServiceChild) {
    this.#stage = stage;
    this.#loads = loads;
    this.#direct = loadOn(healthy.ports.http, '/ok', 2);
  }

  async next(): Promise<Window> {
    await pause(300);
    this.#take();
    await pause(this.#stage.either(1_200, 5_000));
    return this.#take();
  }

  /** Other work on the machine can spoil a window, so up to four are measured, until one is within the bound. */
  async compare(seen: Findings, before: Window): Promise<void> {
    let after = await this.next();
    for (let attempt = 1; attempt < 4 && p99(after.through) > boundOf(before, after); attempt++)
      after = await this.next();
    seen.none(`of ${after.through.length} requests failed`, failuresOf(after.through));
    seen.note(
      `p99 was ${p99(before.through).toFixed(1)} ms (without the gateway ${p99(before.direct).toFixed(1)} ms)`,
    );
    seen.atMost('and is', p99(after.through), boundOf(before, after), ' ms');
    seen.note(`without the gateway ${p99(after.direct).toFixed(1)} ms`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#loads, this.#direct].map((load) => load.stop()));
  }

  #take(): Window {
    return { through: this.#loads.flatMap((load) => load.take()), direct: this.#direct.take() };
  }
}

function boundOf(before: Window, after: Window): number {
  const was = p99(before.through);
  const lost = Math.max(0, p99(after.direct) - p99(before.direct));
  return Math.max(1.5 * was, was + jitterMs) + lost;
}

function p99(asked: readonly Asked[]): number {
  return quantile(
    asked.map(({ ms }) => ms),
    0.99,
  );
}
