import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const RULES =
  'headers: { request: { set: { X-Team: db, Accept: text/plain }, add: { X-Tag: [a, b] }, remove: [Cookie, X_Secret] }, answer: { set: { X-Frame-Options: DENY }, add: { Vary: Accept }, remove: Server } }';

describe.each(routeKinds)('headers: on $kind', ({ routes, files }) => {
  test('fields of requests and answers are set, added and removed', async () => {
    const service = (await startService()).answer(
      ok('ok', 'Server: secret/1.0', 'X-Frame-Options: SAMEORIGIN', 'Vary: Origin'),
    );
    const gateway = await startTestGateway(routes('/db', service.port, RULES), { files });
    const sent = [
      'Cookie: a=1',
      'X-Secret: 1',
      'x_secret: 2',
      'Accept: text/html',
      'X-Team: eve',
      'X-Tag: z',
    ];
    const { head } = await gateway.exchange(get('/db', ...sent));
    const received = service.request.head;
    expect(received.values('x-team')).toEqual(['db']);
    expect(received.values('accept')).toEqual(['text/plain']);
    expect(received.values('x-tag').join(', ')).toBe('z, a, b');
    for (const name of ['cookie', 'x-secret', 'x_secret']) expect(received.has(name)).toBe(false);
    expect(head.values('x-frame-options')).toEqual(['DENY']);
    expect(head.values('vary').join(', ')).toBe('Origin, Accept');
    expect(head.has('server')).toBe(false);
  });

  test("the gateway's own errors of the route carry them, others do not", async () => {
    const gateway = await startTestGateway(routes('/db', 1, RULES), { files });
    const { status, head } = await gateway.exchange(get('/db'));
    expect([status, head.values('x-frame-options')]).toEqual([502, ['DENY']]);
    expect((await gateway.exchange(get('/nothing'))).head.has('x-frame-options')).toBe(false);
  });

  test('rules of a route come after those of the top level', async () => {
    const service = (await startService()).answer(ok());
    const top = 'headers: { request: { set: { X-Team: all, X-Top: 1 } }, answer: { set: { X-A: top } } }\n';
    const own = 'headers: { request: { set: { X-Team: own } }, answer: { remove: X-A } }';
    const gateway = await startTestGateway(top + routes('/db', service.port, own), { files });
    const { head } = await gateway.exchange(get('/db'));
    expect(service.request.head.values('x-team')).toEqual(['own']);
    expect(service.request.head.values('x-top')).toEqual(['1']);
    expect(head.has('x-a')).toBe(false);
  });
});

test('headers: an edit of what is removed takes effect', async () => {
  const service = (await startService()).answer(ok());
  const yaml = (name: string) =>
    `routes: { /db: { to: ${service.port}, headers: { request: { remove: ${name} } } } }\n`;
  const gateway = await startTestGateway(yaml('X-A'));
  await gateway.editAndReload(yaml('X-B'));
  await gateway.exchange(get('/db', 'X-A: 1', 'X-B: 2'));
  expect([service.request.head.has('x-a'), service.request.head.has('x-b')]).toEqual([true, false]);
});

test('headers: of WebSocket handshakes and of the 101', async () => {
  const service = await startService();
  const gateway = await startTestGateway(`routes: { /chat: { to: ${service.port}, ${RULES} } }\n`);
  const client = await gateway.connect();
  await client.send(handshake('/chat', 'Cookie: a=1'));
  const connection = await service.connection();
  const head = await connection.head();
  expect([head.values('x-team'), head.has('cookie'), head.has('upgrade')]).toEqual([['db'], false, true]);
  await connection.send(agreement('Server: x'));
  const answer = await client.head();
  expect([answer.status, answer.values('x-frame-options'), answer.has('server')]).toEqual([
    101,
    ['DENY'],
    false,
  ]);
});

test('headers: what a cache keeps goes out under the rules that hold now', async () => {
  const service = (await startService()).answer(ok('ok', 'Cache-Control: max-age=60', 'Server: x'));
  const yaml = (value: string) =>
    `routes: { /db: { to: ${service.port}, cache: true, headers: { answer: { set: { X-A: ${value} }, remove: Server } } } }\n`;
  const gateway = await startTestGateway(yaml('one'));
  for (const hit of [false, true]) {
    const { head } = await gateway.exchange(get('/db'));
    expect([head.values('x-a'), head.has('server')]).toEqual([['one'], false]);
    expect(head.value('cache-status')?.includes('hit')).toBe(hit);
  }
});
