import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { ok, type ScriptedService, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';

/** A tunnel and an event stream on a route, and ways to see that they live and that they end. */
async function lasting(gateway: TestGateway, service: ScriptedService, route: string) {
  const socket = await gateway.connect();
  const tunnel = await openTunnel(socket, service, `${route}/`);
  const reader = await gateway.connect();
  await reader.send(get(`${route}/events`));
  const events = await service.connection();
  await events.head();
  await events.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
  await reader.head();
  const lives = async () => {
    await socket.send('ping');
    expect((await tunnel.bytes(4)).toString()).toBe('ping');
    await events.send('data: x\n\n');
    expect((await reader.chunk()).toString()).toBe('data: x\n\n');
  };
  const ends = () => Promise.all([socket, tunnel, reader, events].map((end) => end.ending(20_000)));
  return { lives, ends };
}

test('what lasts on a changed or removed route goes on for ten seconds, then ends', async () => {
  const service = await startService();
  const other = (await startService()).answer(ok('other'));
  const { port } = service;
  const gateway = await startTestGateway(`routes:\n  /same: ${port}\n  /moved: ${port}\n  /gone: ${port}\n`);
  const same = await lasting(gateway, service, '/same');
  const moved = await lasting(gateway, service, '/moved');
  const gone = await lasting(gateway, service, '/gone');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await gateway.editAndReload(`routes:\n  /same: ${port}\n  /moved: ${other.port}\n`);
  for (const each of [same, moved, gone]) await each.lives();
  vi.advanceTimersByTime(9_900);
  for (const each of [same, moved, gone]) await each.lives();
  vi.advanceTimersByTime(100);
  vi.useRealTimers();
  await Promise.all([moved.ends(), gone.ends()]);
  await same.lives();
  expect((await gateway.get('/moved/')).text).toBe('other');
  expect((await gateway.get('/gone/')).status).toBe(404);
});
