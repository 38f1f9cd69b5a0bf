import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok, startService } from '../testing/service.ts';

describe.each(laneKinds)('interim answers on $kind', ({ routes, files, throughFastify }) => {
  test.skipIf(throughFastify)('arrive while the final one is still awaited', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, get('/db/'));
    await connection.send(
      'HTTP/1.1 103 Early Hints\r\nLink: <https://a.test/style.css>; rel=preload\r\n\r\n',
    );
    const hint = await client.head();
    expect(hint.status).toBe(103);
    expect(hint.value('link')).toBe('<https://a.test/style.css>; rel=preload');
    await connection.send('HTTP/1.1 102 Processing\r\n\r\n');
    expect((await client.head()).status).toBe(102);
    await connection.send(ok('final'));
    expect((await client.answer()).text).toBe('final');
  });

  test.skipIf(throughFastify)('carry no fields of one hop', async () => {
    const service = await startService();
    service.answer(
      `HTTP/1.1 103 Early Hints\r\nConnection: X-Private\r\nX-Private: 1\r\nX-Kept: 2\r\n\r\n${ok()}`,
    );
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    const [hint] = (await gateway.get('/db/')).interim;
    expect(hint?.has('x-private')).toBe(false);
    expect(hint?.value('x-kept')).toBe('2');
  });

  test('never take the place of the final one', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('final')}`);
    const client = await gateway.connect();
    for (let turn = 0; turn < 2; turn++) expect((await client.exchange(get('/db/'))).text).toBe('final');
  });

  test('are kept from HTTP/1.0 clients, which know none', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok()}`);
    const client = await gateway.connect();
    await client.send('GET /db/ HTTP/1.0\r\nHost: a\r\n\r\n');
    const answer = await client.answer();
    expect([answer.status, answer.interim.length]).toEqual([200, 0]);
  });

  test('a 101 that nobody asked for is a bad answer', async () => {
    const service = await startService();
    service.answer('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    expect((await gateway.get('/db/')).status).toBe(502);
  });
});
