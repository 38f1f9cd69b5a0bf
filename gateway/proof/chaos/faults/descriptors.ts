import { setTimeout as pause } from 'node:timers/promises';
import { get, type RawClient } from '../../testing/http-client.ts';
import { ask, problemOf } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import type { Fault } from '../fault.ts';

const descriptors = 128;
const flood = 300;

export const exhausted: readonly Fault[] = [
  {
    id: 'descriptors-exhausted',
    done: `the gateway may have ${descriptors} descriptors, and ${flood} clients connect and ask`,
    holds:
      'it accepts no more than these are enough for, refuses the others with 503, and serves again as soon as they have gone',
    async run(stage, seen) {
      const service = await stage.service();
      const gateway = await stage.gateway(`routes: { /svc: ${service.ports.http} }\n`, {
        ulimit: `-n ${descriptors}`,
      });
      const asked = Promise.all(
        Array.from({ length: flood }, () => ask(gateway.port, '/svc/ok?after=300', { withinMs: 3_000 })),
      );
      const connecting = Promise.all(Array.from({ length: flood }, () => idle(stage, gateway.port)));
      const most = await mostUntil(asked, () => gateway.descriptors().all);
      const clients = await connecting;
      const statuses = (await asked).map(({ status, complete }) => (complete ? String(status) : 'none'));
      seen.atMost('descriptors in use', most, descriptors - 8);
      seen.note(counted(statuses));
      seen.none(
        'answers of other kinds',
        statuses.filter((each) => !/^(200|50[234]|none)$/.test(each)),
      );
      for (const client of clients) client?.destroy();
      const since = performance.now();
      const served = async () => problemOf(await ask(gateway.port, '/svc/ok', { withinMs: 1_000 })) === null;
      await until('it serves again', served, 10_000);
      seen.note(`served again after ${Math.round(performance.now() - since)} ms`);
    },
  },
];

/** The most of a count that goes up and down, looked at every few milliseconds until the work is over. */
async function mostUntil(work: Promise<unknown>, count: () => number): Promise<number> {
  let over = false;
  void work.finally(() => {
    over = true;
  });
  let most = count();
  while (!over) {
    await pause(3);
    most = Math.max(most, count());
  }
  return most;
}

async function idle(stage: Parameters<Fault['run']>[0], port: number): Promise<RawClient | null> {
  const client = await stage.connect(port).catch(() => null);
  await client?.send(get('/svc/ok?after=500'));
  return client;
}

function counted(words: readonly string[]): string {
  const kinds = [...new Set(words)].sort();
  return kinds.map((kind) => `${words.filter((word) => word === kind).length} × ${kind}`).join(', ');
}
