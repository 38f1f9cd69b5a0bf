import { rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { ok, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';
import { SteadyLoad } from './steady-load.ts';

/** The proof is ten seconds long (`PORTWAY_RELOAD_SECONDS=10`); what breaks, breaks sooner. */
const seconds = Number(process.env.PORTWAY_RELOAD_SECONDS ?? 5);
const changes = 20;

/** Everything that happens to a file in its life, one after the other. */
async function change(file: string, turn: number, valid: (turn: number) => string): Promise<void> {
  const text = valid(turn);
  const ways = [
    () => writeFile(file, text),
    () => writeFile(file, 'routes:\n  /db: not a port\n'),
    () => writeFile(file, text.slice(0, text.length / 2)),
    () => writeFile(`${file}.new`, text).then(() => rename(`${file}.new`, file)),
    () =>
      rm(file)
        .then(() => pause(20))
        .then(() => writeFile(file, text)),
  ];
  await ways[turn % ways.length]?.();
}

test('requests and WebSockets lose nothing while the file changes', { timeout: 60_000 }, async () => {
  const db = (await startService()).answer(ok('fine'));
  const chat = await startService();
  const other = (await startService()).answer(ok('other'));
  const valid = (turn: number) =>
    `routes:\n  /db: ${db.port}\n  /chat: ${chat.port}\n  /turn${turn}: ${other.port}\n  /moving: ${turn % 2 ? db.port : other.port}\n`;
  const gateway = await startTestGateway(`log: { access: false }\n${valid(0)}`);
  const tunnels = [];
  for (let i = 0; i < 50; i++) {
    const client = await gateway.connect();
    tunnels.push({ client, service: await openTunnel(client, chat, '/chat/') });
  }

  const load = new SteadyLoad(gateway, { reused: 32, fresh: 0 });
  for (let turn = 1; turn <= changes; turn++) {
    await change(gateway.configFile, turn, valid);
    await pause((seconds * 1_000) / changes);
  }
  await load.stop();

  expect([load.failures, load.opened]).toEqual([[], 32]);
  expect(load.answered).toBeGreaterThan(32);
  for (const { client, service } of tunnels) {
    await client.send('ping');
    expect((await service.bytes(4)).toString()).toBe('ping');
    await service.send('pong');
    expect((await client.bytes(4)).toString()).toBe('pong');
  }
  await gateway.gateway.reload();
  expect(gateway.gateway.configStatus().reloads).toBeGreaterThan(1);
  expect((await gateway.get(`/turn${changes}/`)).text).toBe('other');
});
