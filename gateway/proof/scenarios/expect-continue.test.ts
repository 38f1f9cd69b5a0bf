import { describe, expect, test } from 'vitest';
import { request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok, reply } from '../testing/service.ts';

const expecting = (target: string, ...fields: string[]) =>
  request('POST', target, ['Expect: 100-continue', 'Content-Length: 4', ...fields]);

describe.each(laneKinds)('Expect on $kind', ({ routes, files }) => {
  test('a client that waits is told to go on, and its body arrives', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok('got it'));
    const client = await gateway.connect();
    await client.send(expecting('/db/'));
    expect((await client.head()).status).toBe(100);
    await client.send('body');
    expect((await client.answer()).text).toBe('got it');
    expect(service.request.body.toString()).toBe('body');
  });

  test('a client that does not wait is served as well', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok('got it'));
    const client = await gateway.connect();
    await client.send(`${expecting('/db/')}body`);
    expect((await client.answer()).text).toBe('got it');
    expect(service.request.body.toString()).toBe('body');
  });

  test('a refusal of the service reaches a client in the middle of its body', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    await client.send(expecting('/db/'));
    expect((await client.head()).status).toBe(100);
    const connection = await service.reachedBy(client, 'b');
    await connection.send(reply(401, ['WWW-Authenticate: Basic', 'Connection: close'], 'who are you?'));
    const answer = await client.answer();
    expect([answer.status, answer.text]).toEqual([401, 'who are you?']);
  });

  test('a refusal of the service reaches a client that still waits', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    await client.send(expecting('/db/'));
    const connection = await service.connection();
    expect((await connection.head(500)).value('expect')).toBe('100-continue');
    await connection.send(reply(417, ['Connection: close'], 'not this one'));
    const answer = await client.answer();
    expect([answer.status, answer.interim.length]).toEqual([417, 0]);
  });

  test('the 100 is the service\u2019s own, and comes once', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, expecting('/db/'));
    await connection.send('HTTP/1.1 100 Continue\r\n\r\n');
    expect((await client.head()).status).toBe(100);
    await client.send('body');
    await connection.bytes(4);
    await connection.send(ok('got it'));
    const answer = await client.answer();
    expect([answer.text, answer.interim.length]).toEqual(['got it', 0]);
  });

  test.each([
    ['an unknown route', '/nowhere', 404],
    ['a body over the limit', '/db/', 413],
    ['a malformed path', '/db/%', 400],
  ])('%s is told before any 100', async (_what, target, status) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db', ['bodyMax: 3B']);
    service.answer(ok());
    const client = await gateway.connect();
    await client.send(expecting(target));
    const answer = await client.answer('POST');
    expect([answer.status, answer.interim.length]).toEqual([status, 0]);
    expect(service.connections).toEqual([]);
  });

  test.each([
    request('GET', '/db/', ['Expect: 100-continue']),
    request('POST', '/db/', ['Expect: 100-continue', 'Content-Length: 0']),
  ])('without a body nobody waits, and the connection goes on: %j', async (asked) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok('here'));
    const client = await gateway.connect();
    for (const _again of [1, 2]) {
      const { text, head, interim } = await client.exchange(asked);
      const closes = head.value('connection') === 'close';
      expect([text, closes, interim.length]).toEqual(['here', false, 0]);
    }
  });

  test('the word is not case-sensitive', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    const client = await gateway.connect();
    await client.send(request('POST', '/db/', ['Expect: 100-Continue', 'Content-Length: 4']));
    expect((await client.head()).status).toBe(100);
    await client.send('body');
    expect((await client.answer()).status).toBe(200);
  });
});
