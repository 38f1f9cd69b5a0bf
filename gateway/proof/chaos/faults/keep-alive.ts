import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Asked, ask, problemOf } from '../../testing/load.ts';
import type { Fault } from '../fault.ts';
import type { Scene } from '../scene.ts';
import { allAnswered } from '../seen-answers.ts';
import type { Stage } from '../stage.ts';

/** One way. */
const networkMs = 2;

export const keepAlive: readonly Fault[] = [
  {
    id: 'stale-keep-alive',
    done: 'a service closes kept connections, by an end or a reset, at the very request that comes over them',
    holds: 'a GET is sent once more, and answered 200; a POST gets 502, and never reaches a service twice',
    async run(stage, seen) {
      const scene = await stage.scene();
      const gets: Asked[] = [];
      const posts: Asked[] = [];
      for (let round = 0; round < stage.either(20, 100); round++) {
        const by = round % 2 ? 'reset' : 'fin';
        gets.push(await afterKept(scene, `kept?by=${by}&tag=kept-get&id=${round}`, 'GET'));
        posts.push(await afterKept(scene, `kept?by=${by}&tag=kept-post&id=${round}`, 'POST'));
        await earnRetry(scene);
      }
      allAnswered(seen, 'GET', gets, 200);
      allAnswered(seen, 'POST', posts, 502);
      const [got, posted] = await Promise.all(
        ['kept-get', 'kept-post'].map((tag) => scene.service.counted(tag)),
      );
      seen.equal('arrivals of one GET at most', got?.most, 2);
      seen.equal('of one POST', posted?.most, 1);
    },
  },
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

/** Makes sure that one idle connection is there that the service will close at its next request, and sends that. */
async function afterKept(scene: Scene, target: string, method: string): Promise<Asked> {
  await scene.service.drop();
  await scene.svc('kept');
  return scene.svc(target, { method });
}

/** Each exchange earns a fifth of a retry (docs/decisions/0013): what is measured here is not the budget. */
async function earnRetry(scene: Scene): Promise<void> {
  for (let exchange = 0; exchange < 3; exchange++) await scene.svc('ok');
}

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
