import { createSocket } from 'node:dgram';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { get } from '../../testing/http-client.ts';
import { ask } from '../../testing/load.ts';
import { handshake } from '../../testing/websocket.ts';
import type { Stage } from '../stage.ts';
import type { MixedScene } from './mixed-scene.ts';

type Mischief = (stage: Stage, scene: MixedScene) => Promise<unknown>;

/** What may happen to the routes that are not healthy, and to the gateway as a whole. */
export const mischiefs: Readonly<Record<string, Mischief>> = {
  'service resets': (_stage, scene) => askSvc(scene, 'reset'),
  'service ends': (_stage, scene) => askSvc(scene, 'fin'),
  'service ends kept connection': (stage, scene) => askSvc(scene, 'kept', stage.random.pick(['GET', 'POST'])),
  'answer cut': (_stage, scene) => askSvc(scene, 'cut?by=reset'),
  'answer stalls': (_stage, scene) => askSvc(scene, 'stall?bytes=100'),
  'no answer': (_stage, scene) => askSvc(scene, 'stall'),
  'slow head': (_stage, scene) => askSvc(scene, 'slow-head'),
  'half-close of the service': (_stage, scene) => askSvc(scene, 'half-close'),
  'storm of 503': (_stage, scene) =>
    Promise.all(Array.from({ length: 30 }, () => askSvc(scene, 'ok?status=503'))),
  refused: (_stage, scene) => ask(scene.gateway.port, '/refused/'),
  'service hangs': (stage, scene) => scene.freezeBad(stage.random.below(900)),
  'nobody accepts': (_stage, scene) => ask(scene.gateway.port, '/deaf/'),
  'upgrade abandoned': (stage, scene) => leave(stage, scene, handshake('/deaf/')),
  'black hole': async (stage, scene) => {
    scene.hole.mode = stage.random.pick([
      { kind: 'drop' },
      { kind: 'half-open' },
      { kind: 'stuck' },
      { kind: 'delay', ms: 50 },
    ] as const);
    await Promise.all(Array.from({ length: 5 }, () => ask(scene.gateway.port, '/hole/ok')));
    scene.hole.mode = { kind: 'pass' };
    scene.hole.cut();
  },
  'client gone before the head': (stage, scene) => leave(stage, scene, get('/svc/stall')),
  'client gone in the body': (stage, scene) => leave(stage, scene, get('/svc/large?bytes=100000000')),
  'client gone in the upload': (stage, scene) =>
    leave(
      stage,
      scene,
      `PUT /svc/take HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n${'x'.repeat(2_000)}`,
    ),
  'tunnel cut': (stage, scene) => leave(stage, scene, handshake('/svc/socket?bytes=100000')),
  'upgrade storm': (stage, scene) =>
    Promise.all(Array.from({ length: 20 }, () => leave(stage, scene, handshake('/svc/socket')))),
  'no HTTP at all': (stage, scene) =>
    leave(stage, scene, String.fromCharCode(...Array.from({ length: 300 }, () => stage.random.below(256)))),
  'slow client': (stage, scene) => leave(stage, scene, 'GET /svc/ok HTTP/1.1\r\nHost:', 700),
  'slow reader': (stage, scene) => leave(stage, scene, get('/svc/large?bytes=100000000'), 2_000),
  'large answers': (_stage, scene) => askSvc(scene, 'large?bytes=2000000'),
  'cache stampede': (stage, scene) => {
    const target = `/cached/cacheable/${stage.random.below(50)}?age=1&bytes=3000`;
    return Promise.all(Array.from({ length: 10 }, () => ask(scene.gateway.port, target)));
  },
  'endpoint killed': async (_stage, scene) => {
    await Promise.all([
      scene.killVictim(),
      ...Array.from({ length: 10 }, () => ask(scene.gateway.port, '/pair/ok')),
    ]);
  },
  'configuration changed': async (stage, scene) => {
    scene.configure(`  /turn${stage.random.below(1_000)}: 127.0.0.1:9\n`);
    await pause(300);
  },
  'configuration spoiled': async (stage, scene) => {
    if (stage.random.below(2)) rmSync(scene.gateway.configFile, { force: true });
    else scene.configure('  /bad: {{{{\n');
    await pause(300);
    scene.configure('');
  },
  'UDP flood': (stage, scene) => flood(scene, stage.random.below(500)),
  'UDP source gone': (_stage, scene) => flood(scene, 0),
};

function askSvc(scene: MixedScene, target: string, method = 'GET'): Promise<unknown> {
  return ask(scene.gateway.port, `/svc/${target}`, { method });
}

/** Sends it, waits a moment at most, and leaves in one way or the other. */
async function leave(stage: Stage, { gateway }: MixedScene, bytes: string, most = 100): Promise<void> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => {});
  socket.write(Buffer.from(bytes, 'latin1'));
  const [stay, how] = [stage.random.below(most), stage.random.pick(['reset', 'destroy', 'end'] as const)];
  if (how !== 'end') socket.pause();
  await pause(stay);
  if (how === 'reset') socket.resetAndDestroy();
  else if (how === 'destroy') socket.destroy();
  else socket.resume().end();
  if (how === 'end') setTimeout(() => socket.destroy(), 1_000);
}

async function flood({ badUdpPort }: MixedScene, answers: number): Promise<void> {
  const socket = createSocket('udp4').on('error', () => {});
  socket.send(answers === 0 ? 'late 50' : `flood ${answers}`, badUdpPort, '127.0.0.1');
  await pause(20);
  socket.close();
}
