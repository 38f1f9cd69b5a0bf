import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import type { RawClient } from '../../testing/http-client.ts';
import { type Asked, Load, problemOf } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import { handshake } from '../../testing/websocket.ts';
import type { Fault } from '../fault.ts';
import type { ServiceChild } from '../service-child.ts';
import type { Stage } from '../stage.ts';

const TUNNELS = 20;

export const replacement: readonly Fault[] = [
  {
    id: 'sigterm-under-load',
    done: 'SIGTERM under load, with answers under way and WebSockets open',
    holds:
      'what had been accepted is answered whole; /readyz says 503; WebSockets get an end and no reset; exit code 0',
    async run(stage, seen) {
      const service = await stage.service();
      const gateway = await stage.gateway(`routes: { /one: 127.0.0.1:${service.ports.http} }\n`);
      const sockets = await openTunnels(stage, gateway);
      const loads = [0, 1].map((kind) => drainLoad(gateway, kind));
      await pause(500);
      const stopping = gateway.stop();
      const ready = await until('/readyz says 503', () => saysDraining(gateway), 1_000).catch(() => 'no');
      const { code, finished, ms } = await stopping;
      const asked = (await Promise.all(loads.map((load) => load.stop()))).flat();
      seen.must(
        `exit code ${code} after ${ms} ms`,
        code === 0 && finished,
        'should be 0, with nothing under way',
      );
      seen.must('/readyz 503 meanwhile', ready === undefined, 'it was never seen');
      await tellDrained(seen, service, asked);
      const ends = await Promise.all(sockets.map((socket) => socket.ending(3_000)));
      seen.equal('WebSockets that were reset', ends.filter((end) => end === 'reset').length, 0);
    },
  },
];

function openTunnels(stage: Stage, gateway: GatewayChild): Promise<RawClient[]> {
  const open = async () => {
    const client = await stage.connect(gateway.port);
    await client.send(handshake('/one/socket'));
    if ((await client.head()).status !== 101) throw new Error('no tunnel came about');
    return client;
  };
  return Promise.all(Array.from({ length: TUNNELS }, open));
}

export function failuresOf(asked: readonly Asked[]): string[] {
  return asked.flatMap((each) => problemOf(each) ?? []);
}

/** Quick answers, and such that take a while. */
function drainLoad(gateway: GatewayChild, kind: number): Load {
  const target = (id: string) => `/one/ok?after=${kind * 150}&tag=drain&id=${kind}-${id}`;
  return new Load({ port: gateway.port, target, clients: 8, pauseMs: 2, ids: `${kind}-` });
}

async function saysDraining(gateway: GatewayChild): Promise<boolean> {
  return (await gateway.admin('GET', '/readyz').catch(() => ({ status: 0 }))).status === 503;
}

/** A request that never came further than the closed door may be sent again by anybody; one that reached the service must be answered. */
async function tellDrained(
  seen: Parameters<Fault['run']>[1],
  service: ServiceChild,
  asked: readonly Asked[],
): Promise<void> {
  const { ids } = await service.counted('drain');
  const reached = new Set(ids);
  const lost = asked.filter((each) => reached.has(each.id) && problemOf(each) !== null);
  const answered = asked.filter((each) => problemOf(each) === null);
  seen.note(
    `${answered.length} answered, ${asked.length - answered.length - lost.length} turned away at the door`,
  );
  seen.none('lost of those accepted', failuresOf(lost));
}
