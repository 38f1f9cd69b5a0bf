import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { handshake } from '../testing/websocket.ts';

describe.each(laneKinds)('a narrower route is a wall around what it owns, on $kind', (kind) => {
  async function stage() {
    const services = {
      root: (await startService()).answer(ok('root')),
      db: (await startService()).answer(ok('db')),
      archive: (await startService()).answer(ok('archive')),
    };
    const routeLines = (key: string, port: number) => kind.routes(key, port).replace('routes:\n', '');
    const yaml = [
      'routes:\n',
      routeLines('/', services.root.port),
      routeLines('/db', services.db.port),
      routeLines('/db/archive', services.archive.port),
    ].join('');
    const gateway = await startTestGateway(yaml, { files: kind.files });
    return { ...services, gateway };
  }

  test('what one reading gives to another route reaches none of them: 400', async () => {
    const { gateway, root, db, archive } = await stage();
    for (const target of [
      '/db//archive',
      '/db//archive/x',
      '/db///archive?x',
      '/db/archive;x=1',
      '/db/archive;x=1/y',
      '/db/archive%2fx',
      '/db/archive%2Fx',
      '/db/archive%3bx',
      '/db/archive%3Bx=1/y',
      '/db%2Farchive',
      '/%2Fdb/archive',
      '//db/x',
      '/db;x=1/x',
      '/db;x=1/archive',
      '/db/;/archive',
      '/db/;x%2Fy/archive',
      '/%64b//%61rchive',
      '/db/%2F%61rchive;',
    ]) {
      const answer = await gateway.get(target);
      expect([target, answer.status, JSON.parse(answer.text).code]).toEqual([target, 400, 'bad_target']);
    }
    expect([root, db, archive].flatMap(({ connections }) => connections)).toEqual([]);
    const lines = gateway.log.exchanges();
    expect(lines).toHaveLength(18);
    for (const line of lines)
      expect(line).toMatchObject({ status: 400, cause: expect.stringContaining('/db') });
  });

  test('what each reading gives to the same route passes as it is', async () => {
    const stood = await stage();
    for (const [target, name, seen] of [
      ['/db//x', 'db', '//x'],
      ['/db/x%2Farchive', 'db', '/x%2Farchive'],
      ['/db/x;y=1/archive', 'db', '/x;y=1/archive'],
      ['/db/archives//', 'db', '/archives//'],
      ['/db/%2Fx%3By', 'db', '/%2Fx%3By'],
      ['/db/archive%252Fx', 'db', '/archive%252Fx'],
      ['/db/archive//x;a=1/%2F', 'archive', '//x;a=1/%2F'],
      ['/db/archive/;', 'archive', '/;'],
      ['/other//db', 'root', '/other//db'],
      ['/a;b=1', 'root', '/a;b=1'],
      ['/x?u=/db//archive;x', 'root', '/x?u=/db//archive;x'],
    ] as const) {
      const { status, text } = await stood.gateway.get(target);
      expect([target, status, text, stood[name].requests.at(-1)?.target]).toEqual([target, 200, name, seen]);
    }
  });

  test('a WebSocket does not pass either', async () => {
    const { gateway, db } = await stage();
    expect((await gateway.exchange(handshake('/db//archive'))).status).toBe(400);
    expect(db.requests).toEqual([]);
  });
});

test('in development the answer names both routes', async () => {
  const gateway = await startTestGateway('routes: { /db: 1, /db/archive: 2 }\n', { mode: 'development' });
  const { detail } = JSON.parse((await gateway.get('/db//archive/x')).text);
  expect(detail).toContain(
    'belongs to /db as it stands, and to /db/archive where a service reads it as /db/archive/x',
  );
});
