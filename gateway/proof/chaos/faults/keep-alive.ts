import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Asked, ask, problemOf } from '../../testing/load.ts';
import type { Fault } from '../fault.ts';
import { allAnswered } from '../seen-answers.ts';
import type { Stage } from '../stage.ts';

/** One way. */
const networkMs = 2;

export const keepAlive: readonly Fault[] = [
  {
    id: 'keep-alive-race',
    done: `a service ${networkMs} ms away closes each connection a while after its answer, while the next request may be on its way`,
    holds: 'every GET 200; every POST 200 or 502, and none arrives twice',
    async run(stage, seen) {
      const { gateway, hole, service } = await stage.scene();
      hole.mode = { kind: 'delay', ms: networkMs };
      stage.atRowEnd(() => (hole.mode = { kind: 'pass' }));
      const tries = stage.either(80, 500);
      const gets = await race(stage, gateway.port, 'GET', tries);
      const posts = await race(stage, gateway.port, 'POST', tries);
      allAnswered(seen, 'GET', gets, 200);
      const others = posts.filter(({ status }) => status !== 200 && status !== 502);
      const told = others.map((each) => problemOf(each) ?? '');
      seen.none('POST neither 200 nor 502', told);
      seen.note(`${posts.filter(({ status }) => status === 502).length} of ${tries} POST lost the race`);
      const posted = await service.counted('race-POST');
      seen.equal('arrivals of one POST at most', posted.most, 1);
      hole.cut();
    },
  },
];

/** Each request comes between at once and long after the service has closed; a tenth of them meets the end on its way. */
async function race(stage: Stage, port: number, method: string, tries: number): Promise<Asked[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const asked: Asked[] = [];
  for (let id = 0; id < tries; id++) {
    const target = `/hole/brief?for=15&tag=race-${method}&id=${id}`;
    asked.push(await ask(port, target, { method, agent }));
    await pause(stage.random.below(40));
  }
  agent.destroy();
  return asked;
}
