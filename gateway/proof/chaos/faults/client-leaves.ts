import { get, type RawClient } from '../../testing/http-client.ts';
import { monotonicMs } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import { quantile } from '../../testing/statistics.ts';
import type { Fault } from '../fault.ts';
import type { Findings } from '../findings.ts';
import type { Stage } from '../stage.ts';

/** SEMANTICS: a client that leaves cancels the upstream exchange within so many milliseconds. */
const boundMs = 100;

/** How a client comes to the point at which it leaves. */
type Coming = (client: RawClient, query: string, prefix: string) => Promise<void>;

export const clientLeaves: readonly Fault[] = [
  leaving('before-head', 'while they wait for an answer', async (client, query, prefix) => {
    await client.send(get(`${prefix}/stall?${query}`));
  }),
  leaving('in-body', 'in the middle of their answers', async (client, query, prefix) => {
    await client.send(get(`${prefix}/stall?bytes=1000&${query}`));
    await client.head();
  }),
  leaving('in-upload', 'in the middle of their uploads', async (client, query, prefix) => {
    const head = `PUT ${prefix}/take?${query} HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n`;
    await client.send(head + 'x'.repeat(5_000));
  }),
];

function leaving(when: string, inWords: string, come: Coming): Fault {
  return {
    id: `client-gone-${when}`,
    done: `clients leave ${inWords}, half of them by a reset`,
    holds: `the service sees its connection close within ${boundMs} ms, measured there (beside it: clients that leave the service itself)`,
    async run(stage, seen) {
      const { gateway, service } = await stage.scene();
      const tries = stage.either(20, 100);
      const direct = await leave(stage, service.ports.http, `${when}-direct`, tries, (client, query) =>
        come(client, query, ''),
      );
      const through = await leave(stage, gateway.port, when, tries, (client, query) =>
        come(client, query, '/svc'),
      );
      tell(seen, through, direct);
    },
  };
}

/** @returns for each client, the milliseconds from its leaving until the service saw the exchange cancelled. */
async function leave(
  stage: Stage,
  port: number,
  tag: string,
  tries: number,
  come: (client: RawClient, query: string) => Promise<void>,
): Promise<number[]> {
  const { service } = await stage.scene();
  const times: number[] = [];
  for (let id = 0; id < tries; id++) {
    const client = await stage.connect(port);
    await come(client, `tag=${tag}&id=${id}`);
    await until('it has arrived', async () => (await service.counted(tag)).arrived === id + 1);
    const leftAt = monotonicMs();
    if (id % 2) client.reset();
    else client.destroy();
    const told = async () => String(id) in (await service.counted(tag)).left;
    await until('the service sees the close', told, 3_000);
    times.push(((await service.counted(tag)).left[id] ?? Number.NaN) - leftAt);
  }
  return times;
}

/** The bound of the slowest grows by the time that this machine itself takes to show one process the close of the other. */
function tell(seen: Findings, through: readonly number[], direct: readonly number[]): void {
  seen.atMost('closed after (median)', quantile(through, 0.5), boundMs, ' ms');
  seen.atMost('at most', Math.max(...through), boundMs + Math.max(...direct), ' ms');
  seen.note(`without the gateway ${Math.max(...direct).toFixed(1)} ms at most`);
}
