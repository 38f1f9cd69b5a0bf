import { describe, expect, test } from 'vitest';
import { get } from '../testing/raw-client.ts';
import { chunk, ok, startService } from '../testing/service.ts';
import { startTwoServices } from '../testing/two-services.ts';
import { openTunnel } from '../testing/websocket.ts';

describe('on a reload', () => {
  test('what changed is logged', async () => {
    const { before, after, yaml, gateway } = await startTwoServices();
    await gateway.editAndReload(`${yaml(before.port)}  /new: ${after.port}\n`);
    await gateway.log.find('change', (record) => JSON.stringify(record).includes('/new'));
  });

  test('reload() says what became of it', async () => {
    const { after, yaml, gateway } = await startTwoServices();
    expect(await gateway.gateway.reload()).toEqual({ changed: false, rejected: null });
    await gateway.edit(yaml(after.port));
    await gateway.gateway.reload();
    expect((await gateway.get('/db/')).text).toBe('after');
    await gateway.edit('nonsense: 1\n');
    expect((await gateway.gateway.reload()).rejected).toContain('nonsense');
  });

  test('connections of clients stay open', async () => {
    const { after, yaml, gateway } = await startTwoServices();
    const client = await gateway.connect();
    expect((await client.exchange(get('/db/'))).text).toBe('before');
    await gateway.editAndReload(yaml(after.port));
    expect((await client.exchange(get('/db/'))).text).toBe('after');
  });

  test('connections to services of unchanged routes are kept', async () => {
    const { before, after, yaml, gateway } = await startTwoServices();
    await gateway.get('/db/');
    await gateway.editAndReload(`${yaml(before.port)}  /new: ${after.port}\n`);
    await gateway.get('/db/');
    expect(before.connections).toHaveLength(1);
  });

  test.each(['changed', 'removed'])('an exchange in flight on a route that is %s finishes', async (what) => {
    const slow = await startService();
    const { after, yaml, gateway } = await startTwoServices(slow);
    const waiting = await gateway.connect();
    await waiting.send(get('/db/'));
    const first = await slow.connection();
    await first.head();
    const streaming = await gateway.connect();
    await streaming.send(get('/db/'));
    const second = await slow.connection();
    await second.head();
    await second.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('half')}`);
    await streaming.head();
    await gateway.editAndReload(what === 'changed' ? yaml(after.port) : `routes:\n  /other: ${after.port}\n`);
    expect((await gateway.get('/db/')).status).toBe(what === 'changed' ? 200 : 404);
    await first.send(ok('finished'));
    expect((await waiting.answer()).text).toBe('finished');
    await second.send(chunk(' and half') + chunk(''));
    expect(`${await streaming.chunk()}${await streaming.chunk()}`).toBe('half and half');
  });

  test('tunnels and event streams on unchanged routes live on', async () => {
    const service = await startService();
    const { after, yaml, gateway } = await startTwoServices(service);
    const socket = await gateway.connect();
    const tunnel = await openTunnel(socket, service, '/db/');
    const reader = await gateway.connect();
    await reader.send(get('/db/events'));
    const events = await service.connection();
    await events.head();
    await events.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
    await reader.head();
    for (let turn = 0; turn < 5; turn++) {
      await gateway.editAndReload(`${yaml(service.port)}  /new${turn}: ${after.port}\n`);
      await socket.send('ping');
      expect((await tunnel.bytes(4)).toString()).toBe('ping');
      await events.send('data: x\n\n');
      expect((await reader.chunk()).toString()).toBe('data: x\n\n');
    }
  });

  test('a port that can be changed only by a restart is kept, and said', async () => {
    const { before, yaml, gateway } = await startTwoServices();
    await gateway.editAndReload(`port: 39999\n${yaml(before.port)}`);
    expect((await gateway.get('/db/')).text).toBe('before');
    const word = await gateway.log.find('word about a restart', (record) =>
      /next start/.test(String(record.msg)),
    );
    expect(word.settings).toEqual(['port']);
  });
});
