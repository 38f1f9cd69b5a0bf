import { setTimeout as pause } from 'node:timers/promises';
import { type Asked, Load } from '../../testing/load.ts';
import type { Fault } from '../fault.ts';
import type { Findings } from '../findings.ts';
import type { ServiceChild } from '../service-child.ts';
import type { Stage } from '../stage.ts';

const amplificationMax = 1.2;
/** Retries that a quiet route has saved up (docs/decisions/0013). */
const reserve = 10;

/** Failures that come in masses. */
export const storms: readonly Fault[] = [
  storm('503', 'answers 503', 'ok?status=503'),
  storm('resets', 'resets every kept connection at the next request', 'kept?by=reset'),
];

function storm(id: string, inWords: string, behaviour: string): Fault {
  return {
    id: `storm-of-${id}`,
    done: `each of three endpoints of a route ${inWords}, under load`,
    holds: `the services get at most ${amplificationMax} times as many requests as clients sent (and the reserve of ${reserve} retries), counted there`,
    async run(stage, seen) {
      const services = await threeServices(stage);
      const to = services.map(({ ports }) => `127.0.0.1:${ports.http}`).join(', ');
      const gateway = await stage.gateway(`routes: { /storm: { to: [${to}] } }\n`);
      const tag = `storm-${id}`;
      const target = (each: string) => `/storm/${behaviour}&tag=${tag}&id=${each}`;
      const load = new Load({ port: gateway.port, target, clients: 16, pauseMs: 2 });
      await pause(stage.either(2_000, 10_000));
      const asked = await load.stop();
      const counted = await Promise.all(services.map((service) => service.counted(tag)));
      const arrived = counted.reduce((sum, each) => sum + each.arrived, 0);
      seen.note(`${asked.length} requests`);
      seen.atMost('arrivals', arrived, asked.length * amplificationMax + reserve);
      seen.note(`${(arrived / asked.length).toFixed(2)}×`);
      tellStatuses(seen, asked);
    },
  };
}

function tellStatuses(seen: Findings, asked: readonly Asked[]): void {
  const words = asked.map(({ status, broke }) => String(status ?? broke));
  const kinds = [...new Set(words)].sort();
  seen.note(kinds.map((kind) => `${words.filter((word) => word === kind).length} × ${kind}`).join(', '));
  seen.none(
    'answers of other kinds',
    kinds.filter((kind) => !/^(200|50[23])$/.test(kind)),
  );
}

export function threeServices(stage: Stage): Promise<ServiceChild[]> {
  return Promise.all([stage.service(), stage.service(), stage.service()]);
}
