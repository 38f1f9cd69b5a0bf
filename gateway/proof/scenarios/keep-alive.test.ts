import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok, startService } from '../testing/service.ts';

describe.each(laneKinds)('connections to a service of $kind', ({ routes, files }) => {
  test('are used again', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer((received) => ok(received.target));
    for (let turn = 0; turn < 5; turn++) {
      const text = (await gateway.exchange(request('POST', `/db/${turn}`, [], 'body'))).text;
      expect(text).toBe(`/${turn}`);
    }
    expect(service.connections).toHaveLength(1);
  });

  test('are as many as there are exchanges at once', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const clients = await Promise.all([1, 2, 3].map(() => gateway.connect()));
    for (const client of clients) await client.send(get('/db/'));
    const connections = [await service.connection(), await service.connection(), await service.connection()];
    for (const connection of connections) {
      await connection.head();
      await connection.send(ok());
    }
    for (const client of clients) expect((await client.answer()).status).toBe(200);
  });

  test.each(['Connection: close', 'connection: Keep-Alive, Close'])(
    'are not used again after %s',
    async (field) => {
      const { service, gateway } = await startRoute({ routes, files }, '/db');
      service.answer(ok('x', field));
      await gateway.get('/db/');
      await gateway.get('/db/');
      expect(service.connections).toHaveLength(2);
    },
  );

  /** A service whose connections carry one exchange, and die at the second request: idle connections are like that. */
  async function forgetful(how: 'fin' | 'reset') {
    const service = await startService();
    const turns = new Map<number, number>();
    service.answer((received, connection) => {
      const turn = (turns.get(received.connection) ?? 0) + 1;
      turns.set(received.connection, turn);
      if (turn === 1) return ok(`answer to ${received.method}`);
      connection[how]();
      return undefined;
    });
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    expect((await gateway.get('/db/')).status).toBe(200);
    return { service, gateway };
  }

  test.each([
    ['GET', 'fin'],
    ['GET', 'reset'],
    ['HEAD', 'reset'],
    ['DELETE', 'reset'],
    ['OPTIONS', 'fin'],
  ] as const)('that died while idle do not fail a %s (%s): it is sent again', async (method, how) => {
    const { service, gateway } = await forgetful(how);
    expect((await gateway.exchange(request(method, '/db/again'))).status).toBe(200);
    expect(service.requests.filter((received) => received.target === '/again')).toHaveLength(2);
  });

  test.each([
    ['POST', '', 'reset'],
    ['POST', 'body', 'fin'],
    ['PATCH', '', 'reset'],
    ['PUT', 'body', 'reset'],
    ['DELETE', 'body', 'reset'],
  ] as const)('that died never make a %s with %j go out twice (%s)', async (method, body, how) => {
    const { service, gateway } = await forgetful(how);
    const answer = await gateway.exchange(request(method, '/db/once', [], body));
    expect(answer.status).toBe(502);
    expect(service.requests.filter((received) => received.target === '/once')).toHaveLength(1);
  });

  test.each([
    ['GET', 'reset'],
    ['POST', 'reset'],
    ['POST', 'fin'],
  ] as const)('that die at their first request do not make a %s go out twice (%s)', async (method, how) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer((_received, connection) => {
      connection[how]();
      return undefined;
    });
    expect((await gateway.exchange(request(method, '/db/'))).status).toBe(502);
    expect(service.requests).toHaveLength(1);
  });

  test.each([429, 500, 502, 503, 504])('a %i is passed on, not multiplied', async (status) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(`HTTP/1.1 ${status} No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n`);
    expect((await gateway.get('/db/')).status).toBe(status);
    expect(service.requests).toHaveLength(1);
  });

  test('one that the service has closed is noticed before a POST goes out on it', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer((received) => ok(received.target));
    await gateway.get('/db/first');
    const [idle] = service.connections;
    idle?.fin();
    await idle?.ending();
    expect((await gateway.exchange(request('POST', '/db/second', [], 'x'))).text).toBe('/second');
  });
});

describe("a client's connection", () => {
  const stage = async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
    return gateway.connect();
  };

  test('of HTTP/1.0 with keep-alive stays open', async () => {
    const client = await stage();
    for (let turn = 0; turn < 2; turn++) {
      await client.send('GET /db/ HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
      expect((await client.answer()).text).toBe('ok');
    }
  });
});

describe('several endpoints', () => {
  test.each(['GET', 'POST'])('one that refuses connections costs no %s', async (method) => {
    const service = (await startService()).answer((received) => ok(received.body.toString()));
    const gateway = await startTestGateway(`routes:\n  /db: [${await freePort()}, ${service.port}]\n`);
    const body = method === 'POST' ? 'body' : '';
    for (let turn = 0; turn < 6; turn++) {
      const answer = await gateway.exchange(request(method, '/db/', [], body));
      expect([answer.status, answer.text]).toEqual([200, body]);
    }
  });
});
