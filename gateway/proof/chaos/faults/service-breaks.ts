import { type Asked, ask } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import type { Fault } from '../fault.ts';
import type { Findings } from '../findings.ts';
import { type Scene, timeouts } from '../scene.ts';
import { allAnswered, allBroken, graceMs, longest, withinTimeout } from '../seen-answers.ts';
import type { Stage } from '../stage.ts';

const slowHeadMs = 150;

/** Asks so many times at once, with ids of their own under one tag. */
function askMany(scene: Scene, count: number, target: string, method = 'GET'): Promise<Asked[]> {
  const join = target.includes('?') ? '&' : '?';
  const each = (_: unknown, id: number) => scene.svc(`${target}${join}id=${id}`, { method });
  return Promise.all(Array.from({ length: count }, each));
}

export const serviceBreaks: readonly Fault[] = [
  {
    id: 'service-killed-mid-answer',
    done: 'the process of a service is killed while it is in the middle of answers',
    holds: 'clients see at once that their answers are not whole; then 502; then, when it is back, 200',
    async run(stage, seen) {
      const scene = await stage.scene();
      const victim = await stage.service(scene.victimPorts);
      const { port } = scene.gateway;
      const waiting = Array.from({ length: 10 }, () => ask(port, '/victim/stall?bytes=1000'));
      const cut = await Promise.all([ask(port, '/victim/cut?by=death'), ...waiting]);
      await victim.process.ended;
      allBroken(seen, 'answers', cut);
      seen.atMost('closed within', longest(cut), timeouts.idleMs + graceMs, ' ms');
      allAnswered(seen, 'then', [await ask(port, '/victim/ok')], 502);
      stage.services.delete(victim);
      await stage.service(scene.victimPorts);
      allAnswered(seen, 'back again', [await ask(port, '/victim/ok')], 200);
    },
  },
  {
    id: 'slow-head',
    done: `a service sends one byte of its answer's head every ${slowHeadMs} ms`,
    holds: `504 after the response timeout (${timeouts.responseMs} ms), and the service is let go of`,
    async run(stage, seen) {
      const asked = await askMany(await stage.scene(), 20, `slow-head?every=${slowHeadMs}`);
      allAnswered(seen, 'answers', asked, 504);
      withinTimeout(seen, asked, timeouts.responseMs);
    },
  },
  {
    id: 'slow-body',
    done: 'a service sends one byte of a body every 100 ms; another one every 2 s',
    holds: `the first comes through whole, however long it takes; the second is broken off after the idle timeout (${timeouts.idleMs} ms)`,
    async run(stage, seen) {
      const scene = await stage.scene();
      const [steady, silent] = await Promise.all([
        askMany(scene, 10, 'slow-body?bytes=15&every=100'),
        askMany(scene, 10, 'slow-body?bytes=15&every=2000'),
      ]);
      allAnswered(seen, 'slow ones', steady, 200);
      allBroken(seen, 'silent ones', silent);
      withinTimeout(seen, silent, timeouts.idleMs);
    },
  },
  {
    id: 'stall',
    done: 'a service takes requests and says nothing; another one stops in the middle of its answer',
    holds:
      '504 after the response timeout; broken off after the idle timeout; its connection closes at that moment',
    async run(stage, seen) {
      const scene = await stage.scene();
      const [silent, halfway] = await Promise.all([
        askMany(scene, 20, 'stall?tag=silent'),
        askMany(scene, 20, 'stall?bytes=100&tag=halfway'),
      ]);
      allAnswered(seen, 'silent ones', silent, 504);
      withinTimeout(seen, silent, timeouts.responseMs);
      allBroken(seen, 'halfway ones', halfway);
      withinTimeout(seen, halfway, timeouts.idleMs);
      await bothToldOf(stage, seen);
    },
  },
];

async function bothToldOf(stage: Stage, seen: Findings): Promise<void> {
  const { service } = await stage.scene();
  const told = async () => {
    const counted = await Promise.all(['silent', 'halfway'].map((tag) => service.counted(tag)));
    return counted.flatMap(({ left }) => Object.values(left)).length === 40;
  };
  await until('the service saw all connections close', told, graceMs);
  seen.note('40 exchanges let go of at the service');
}
