import { setTimeout as pause } from 'node:timers/promises';
import { get } from '../../testing/http-client.ts';
import { ask } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import type { Fault } from '../fault.ts';
import type { Findings } from '../findings.ts';
import { HoleProxy } from '../hole-proxy.ts';
import { timeouts } from '../scene.ts';
import { allAnswered, allBroken, graceMs, withinTimeout } from '../seen-answers.ts';
import type { Stage } from '../stage.ts';

const delayMs = 150;
const count = 20;

export const blackHole: readonly Fault[] = [
  {
    id: 'black-hole-delays',
    done: `a TCP proxy between gateway and service holds every byte back for ${delayMs} ms in either direction`,
    holds: 'answers come through whole, later by that; the other route does not notice',
    async run(stage, seen) {
      const { gateway, hole } = await stage.scene();
      hole.mode = { kind: 'delay', ms: delayMs };
      stage.atRowEnd(() => (hole.mode = { kind: 'pass' }));
      const others = ask(gateway.port, '/steady/ok');
      const asked = await Promise.all(
        Array.from({ length: count }, () => ask(gateway.port, '/hole/ok?bytes=10000')),
      );
      allAnswered(seen, 'answers', asked, 200);
      seen.atLeast('after', Math.min(...asked.map(({ ms }) => ms)), 2 * delayMs - 10, ' ms');
      seen.atMost('the other route', (await others).ms, graceMs, ' ms');
    },
  },
  {
    id: 'black-hole-drops',
    done: 'the network between gateway and service swallows everything, on connections that stand: requests, uploads, and answers that have begun',
    holds: `504 after the response timeout; an answer that has begun is broken off after the idle timeout; no socket stays`,
    async run(stage, seen) {
      const { gateway, hole } = await stage.scene();
      stage.atRowEnd(() => (hole.mode = { kind: 'pass' }));
      const begun = await stage.connect(gateway.port);
      await begun.send(get('/hole/stall?bytes=1000'));
      await begun.head();
      hole.mode = { kind: 'drop' };
      const asked = await Promise.all(
        Array.from({ length: count }, (_, at) =>
          ask(gateway.port, '/hole/ok', at % 2 ? {} : { method: 'POST', body: 'x'.repeat(1000) }),
        ),
      );
      allAnswered(seen, 'answers', asked, 504);
      withinTimeout(seen, asked, timeouts.responseMs);
      seen.note(`the one that had begun ended by ${await begun.ending(graceMs)}`);
      hole.cut();
    },
  },
  {
    id: 'black-hole-connects',
    done: 'connection attempts to a service get no answer at all',
    holds: `504 after the connect timeout (${timeouts.connectMs} ms); a probe on another route stays quick`,
    async run(stage, seen) {
      const { gateway } = await stage.scene();
      const deaf = Array.from({ length: 100 }, () => ask(gateway.port, '/deaf/'));
      await pause(100);
      const probe = await ask(gateway.port, '/steady/ok');
      const asked = await Promise.all(deaf);
      allAnswered(seen, 'answers', asked, 504);
      withinTimeout(seen, asked, timeouts.connectMs);
      seen.atMost('the other route', probe.ms, graceMs, ' ms');
    },
  },
  {
    id: 'half-open-service',
    done: 'services vanish in the middle of answers without closing their connections; another one ends its direction and keeps the other open for ever',
    holds:
      'broken off after the idle timeout; an answer that is whole is given, and the half-open connection let go of',
    async run(stage, seen) {
      const { gateway, hole, service } = await stage.scene();
      stage.atRowEnd(() => (hole.mode = { kind: 'pass' }));
      const cut = Array.from({ length: count }, () => ask(gateway.port, '/hole/cut'));
      hole.mode = { kind: 'half-open' };
      const asked = await Promise.all(cut);
      allBroken(seen, 'answers', asked);
      withinTimeout(seen, asked, timeouts.idleMs);
      const halves = await Promise.all(
        Array.from({ length: count }, (_, id) => ask(gateway.port, `/svc/half-close?tag=half&id=${id}`)),
      );
      allAnswered(seen, 'half-closed ones', halves, 200);
      const letGo = async () => Object.keys((await service.counted('half')).left).length === count;
      await until('the half-open connections are let go of', letGo, 2_000);
      hole.cut();
    },
  },
  {
    id: 'half-open-client',
    done: 'clients vanish in the middle of downloads and uploads without closing their connections; another one ends its direction behind its request',
    holds: `the connection to the service closes after the idle timeout (${timeouts.idleMs} ms); a client that only ended its direction gets its whole answer, or none`,
    async run(stage, seen) {
      const { gateway, service } = await stage.scene();
      const front = await HoleProxy.open(gateway.port);
      stage.atRowEnd(() => front.close());
      for (let id = 0; id < count; id++) {
        const client = await stage.connect(front.port);
        if (id % 2) await client.send(get(`/svc/large?bytes=100000000&tag=gone&id=${id}`));
        else
          await client.send(
            `PUT /svc/take?tag=gone&id=${id} HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nx`,
          );
      }
      const arrived = async () => (await service.counted('gone')).arrived === count;
      await until('all have arrived', arrived);
      front.mode = { kind: 'stuck' };
      const free = async () => (await service.busy()) === 0;
      const since = performance.now();
      // Before a timeout begins, what the kernels on the way take must be full.
      await until('the service is let go of', free, timeouts.idleMs + 4_000);
      seen.note(`${count} let go of within ${Math.round(performance.now() - since)} ms`);
      await halfClosed(stage, seen);
    },
  },
];

/** HTTP leaves open whether a client that ends its direction has left (nginx: yes; HAProxy: no). It gets its whole answer or nothing, never a part. */
async function halfClosed(stage: Stage, seen: Findings): Promise<void> {
  const { gateway } = await stage.scene();
  const client = await stage.connect(gateway.port, { halfOpen: true });
  await client.send(get('/svc/ok?after=50'));
  client.fin();
  const { bytes } = await client.rest(3_000);
  const got = bytes.length === 0 ? 'nothing' : bytes.toString('latin1').replace(/\r\n.*\r\n\r\n/s, ' … ');
  const whole = got.startsWith('HTTP/1.1 200') && got.endsWith('ok');
  seen.must(`the one that ended its direction got ${got}`, whole || got === 'nothing', 'in between');
}
