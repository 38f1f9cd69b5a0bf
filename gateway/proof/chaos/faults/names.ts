import { setTimeout as pause } from 'node:timers/promises';
import { NameServer } from '../../testing/dns-server.ts';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import { ask, Load, problemOf } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import type { Fault } from '../fault.ts';
import { freeServicePorts, type ServiceChild } from '../service-child.ts';
import type { Stage } from '../stage.ts';

const name = 'shop.chaos.test';
const ttlSeconds = 1;

export const names: readonly Fault[] = [
  {
    id: 'name-changes',
    done: 'the name of a service stands for another address from one moment to the next; the old service ends a while after; all under load',
    holds: `requests go to the new address within the name's lifetime (${ttlSeconds} s) and a little, and none fails`,
    async run(stage, seen) {
      const { server, gateway, first, second } = await namedScene(stage);
      const load = new Load({
        port: gateway.port,
        target: (id) => `/named/ok?tag=named&id=${id}`,
        clients: 6,
        pauseMs: 5,
      });
      await until('the first is asked', async () => (await first.counted('named')).arrived > 50);
      server.set(name, ['127.0.0.3'], ttlSeconds);
      const since = performance.now();
      await until('the second is asked', async () => (await second.counted('named')).arrived > 0, 10_000);
      seen.atMost('the new address is asked after', performance.now() - since, 4_000, ' ms');
      await until('the first is asked no more', () => isQuiet(first), 10_000);
      await stage.endService(first);
      await pause(stage.either(500, 3_000));
      const asked = await load.stop();
      const failed = asked.flatMap((each) => problemOf(each) ?? []);
      seen.none(`of ${asked.length} requests failed`, failed);
    },
  },
  {
    id: 'name-vanishes',
    done: 'the name of a service exists no more, then its name server answers nothing at all, then both are back; another name never existed',
    holds:
      'who is known stays known, or is told apart by a 502 or 503; the other route does not notice; back again, all are answered',
    async run(stage, seen) {
      const { server, gateway } = await namedScene(stage);
      await ask(gateway.port, '/named/ok');
      server.forget(name);
      const statuses = await statusesFor(gateway, 3 * ttlSeconds * 1_000);
      server.fail(name);
      statuses.push(...(await statusesFor(gateway, 2 * ttlSeconds * 1_000)));
      const strange = statuses.filter((status) => !/^(200|502|503|504)$/.test(status));
      seen.note(`${statuses.length} requests: ${[...new Set(statuses)].join(', ')}`);
      seen.none('answers of other kinds', strange);
      const nobody = await ask(gateway.port, '/nobody/');
      seen.must(
        `no such name ${nobody.status}`,
        [502, 503].includes(nobody.status ?? 0),
        'should be 502 or 503',
      );
      const other = problemOf(await ask(gateway.port, '/other/ok'));
      seen.none('failures of the other route', other === null ? [] : [other]);
      server.set(name, ['127.0.0.2'], ttlSeconds);
      const back = async () => problemOf(await ask(gateway.port, '/named/ok')) === null;
      const since = performance.now();
      await until('the name is found again', back, 15_000);
      seen.note(`found again after ${Math.round(performance.now() - since)} ms`);
    },
  },
];

interface NamedScene {
  readonly server: NameServer;
  readonly gateway: GatewayChild;
  readonly first: ServiceChild;
  readonly second: ServiceChild;
}

/** Two services with one port on two addresses, of which the name stands for the first. */
async function namedScene(stage: Stage): Promise<NamedScene> {
  const server = await NameServer.open();
  stage.atRowEnd(() => server.close());
  server.set(name, ['127.0.0.2'], ttlSeconds);
  const ports = await freeServicePorts();
  const first = await stage.service({ ...ports, host: '127.0.0.2' });
  const second = await stage.service({ ...ports, host: '127.0.0.3' });
  const yaml = `resolver: ${server.address}
routes:
  /named: ${name}:${ports.http}
  /nobody: nobody.chaos.test:${ports.http}
  /other: 127.0.0.3:${ports.http}
`;
  return { server, first, second, gateway: await stage.gateway(yaml) };
}

async function isQuiet(service: ServiceChild): Promise<boolean> {
  const { arrived } = await service.counted('named');
  await pause(150);
  return (await service.counted('named')).arrived === arrived;
}

async function statusesFor(gateway: GatewayChild, ms: number): Promise<string[]> {
  const statuses: string[] = [];
  for (const end = performance.now() + ms; performance.now() < end; await pause(50)) {
    const asked = await ask(gateway.port, '/named/ok');
    statuses.push(asked.complete ? String(asked.status) : (problemOf(asked) ?? ''));
  }
  return statuses;
}
