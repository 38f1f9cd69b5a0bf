import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { answerOf, connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

/** Makes every turn of this process's event loop, which is the gateway's too, as long as this; ends with the test at the latest. */
function burden(turnMs: number): () => void {
  let over = false;
  const turn = () => {
    const until = performance.now() + turnMs;
    while (performance.now() < until);
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  const end = () => {
    over = true;
  };
  onTestFinished(end);
  return end;
}

/** Whose loop is later than 30 ms is overloaded; on a busy machine any is, so what is to end an overload is another bound. */
async function stage(lane = 'auto', overload = '{ eventLoopDelay: 30ms }') {
  const service = (await startService()).answer(ok('served'));
  const yaml = (bounds: string) =>
    `admin: 127.0.0.1:3900\noverload: ${bounds}\nroutes:\n  /db: { to: ${service.port}, lane: ${lane} }\n  /ws: ${service.port}\n`;
  const gateway = await startTestGateway(yaml(overload));
  const status = async () => (await gateway.gateway.figure('overload'))[0]!;
  const relieved = async () => {
    await gateway.editAndReload(yaml('{ eventLoopDelay: 1m }'));
    await until('it serves everybody again', async () => (await status()).state === 'normal');
  };
  return { service, gateway, status, relieved };
}

describe('an overloaded gateway', () => {
  test.each(['wire', 'general'])(
    'refuses a share of new requests quickly in the %s lane, and the connection lives on',
    async (lane) => {
      const { gateway, status, relieved } = await stage(lane);
      const client = await gateway.connect();
      expect((await client.exchange(get('/db/'))).text).toBe('served');
      const end = burden(70);
      await until('it sheds', async () => (await status()).share > 0.5);
      let answer = await client.exchange(get('/db/'), 10_000);
      while (answer.status === 200) answer = await client.exchange(get('/db/'), 10_000);
      expect(answer.status).toBe(503);
      expect(answer.head.value('retry-after')).toBe('1');
      expect(answer.head.value('proxy-status')).toBe('portway; error=proxy_internal_response');
      expect(answer.head.value('x-request-id')).toBe(JSON.parse(answer.text).requestId);
      expect(JSON.parse(answer.text)).toMatchObject({ status: 503, code: 'overloaded' });
      expect(answer.head.value('connection')).not.toBe('close');
      end();
      await relieved();
      expect((await client.exchange(get('/db/'), 10_000)).text).toBe('served');
    },
  );

  test.each([
    ['wire', '/nothing'],
    ['general', 'http://127.0.0.1/nothing'],
  ])(
    'refuses one request of a connection and then reads no more of it, in the %s lane',
    async (_lane, target) => {
      const { gateway, status, relieved } = await stage();
      const client = await gateway.connect();
      const end = burden(70);
      await until('it sheds', async () => (await status()).share > 0.5);
      await client.send(get(target).repeat(200));
      await until('it is set aside', async () => (await status()).setAside === 1);
      expect((await status()).refused).toBe(1);
      end();
      await relieved();
      for (let i = 0; i < 200; i++) expect([404, 503]).toContain((await client.answer('GET', 10_000)).status);
    },
  );

  test('lets what is under way finish, keeps tunnels, and answers its probes', async () => {
    const { gateway, status, service } = await stage();
    service.answer(async (received, connection) => {
      if (received.target === '/') return ok('served');
      if (received.target.startsWith('/tunnel')) {
        await connection.send(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        );
        await connection.send(await connection.bytes(4));
        await connection.send(await connection.bytes(4));
        return undefined;
      }
      await until('it sheds', async () => (await status()).share > 0.3);
      return ok('finished');
    });
    const tunnel = await gateway.connect();
    await tunnel.send(
      get(
        '/ws/tunnel',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ),
    );
    expect((await tunnel.head()).status).toBe(101);
    await tunnel.send('ping');
    expect(String(await tunnel.bytes(4))).toBe('ping');
    const slow = await gateway.connect();
    await slow.send(get('/db/slow'));
    const end = burden(70);
    expect((await slow.answer('GET', 10_000)).text).toBe('finished');
    for (const probe of ['/healthz', '/readyz']) expect((await gateway.admin('GET', probe)).status).toBe(200);
    const shown = await gateway.admin('GET', '/overload');
    expect(JSON.parse(shown.text)[0]).toMatchObject({ state: 'shedding', reason: 'event loop', episodes: 1 });
    await tunnel.send('pong');
    expect(String(await tunnel.bytes(4, 10_000))).toBe('pong');
    end();
  });

  test('says so once in its log when it begins and ends, and writes no line for each of the refused', async () => {
    const { gateway, status, relieved } = await stage();
    const end = burden(70);
    await until('it sheds', async () => (await status()).share > 0.9);
    const answers = await Promise.all(Array.from({ length: 8 }, () => gateway.exchange(get('/db/'), 10_000)));
    end();
    await relieved();
    const { refused } = await gateway.log.find(
      'end of it',
      ({ msg }) => msg === 'no longer overloaded',
      15_000,
    );
    const seen = answers.filter((answer) => answer.status === 503).length;
    expect(refused).toBe(seen);
    expect(seen).toBeGreaterThan(0);
    expect(gateway.log.exchanges().filter((line) => line.status === 503)).toEqual([]);
    expect(gateway.log.records.filter(({ msg }) => String(msg).startsWith('overloaded'))).toHaveLength(1);
  });

  test('with `overload: off` everybody waits', async () => {
    const { gateway, status } = await stage('auto', 'off');
    const end = burden(70);
    await until('the loop is late', async () => (await status()).eventLoopDelayMs > 50);
    const answers = await Promise.all(Array.from({ length: 8 }, () => gateway.exchange(get('/db/'), 10_000)));
    end();
    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
  });

  test('over HTTP/2 the connection of a refused request takes no more of them, and finishes what is under way', async () => {
    const late = Promise.withResolvers<Buffer>();
    const service = (await startService()).answer(({ target }) =>
      target === '/slow' ? late.promise : ok('served'),
    );
    const yaml = (memory: string) =>
      `overload: { memory: ${memory}, eventLoopDelay: 1m }\nroutes:\n  /db: ${service.port}\n`;
    const gateway = await startTestGateway(yaml('64GiB'));
    const session = await connectH2(gateway.port, 'http');
    const [goaway, closed] = [once(session, 'goaway'), once(session, 'close')];
    const slow = answerOf(session.request({ ':path': '/db/slow' }));
    await until('it is under way', () => service.requests.length === 1);
    await gateway.editAndReload(yaml('16MiB'));
    let answer = await exchangeH2(session, { ':path': '/db/' });
    while (answer.status === 200) answer = await exchangeH2(session, { ':path': '/db/' });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect((await goaway)[0]).toBe(0);
    late.resolve(ok('finished'));
    expect((await slow).text).toBe('finished');
    await closed;
    expect((await gateway.gateway.figure('overload'))[0]!.refused).toBe(1);
  });

  test('beyond its bound of memory it refuses too, and serves again when the bound is raised', async () => {
    const { gateway, status } = await stage('auto', '{ memory: 16MiB, eventLoopDelay: 1m }');
    await until('it sheds', async () => (await status()).reason === 'memory');
    const answers = await Promise.all(Array.from({ length: 40 }, () => gateway.get('/db/')));
    expect(answers.filter((answer) => answer.status === 503).length).toBeGreaterThan(0);
    expect(answers.filter((answer) => answer.status === 200).length).toBeLessThan(40);
    const { port } = (await startService()).answer(ok('served'));
    await gateway.editAndReload(`overload: { memory: 64GiB }\nroutes:\n  /db: ${port}\n`);
    await until('it serves everybody', async () => (await status()).state === 'normal');
    expect((await gateway.get('/db/')).status).toBe(200);
  });
});
