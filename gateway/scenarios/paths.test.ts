import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { request } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';

describe.each(routeKinds)('a path on $kind', ({ routes, files }) => {
  test.each([
    ['/db', '/'],
    ['/db/', '/'],
    ['/db?x=1', '/?x=1'],
    ['/db/?x', '/?x'],
    ['/db?', '/?'],
    ['/db/users', '/users'],
    ['/db/users/', '/users/'],
    ['/%64b/x', '/x'],
    ['/d%62', '/'],
    ['/%64%62?x', '/?x'],
    ['/db/a%2Fb', '/a%2Fb'],
    ['/db/a%2fb', '/a%2fb'],
    ['/db/%7Euser/%41', '/%7Euser/%41'],
    ['/db//x', '//x'],
    ['/db//evil.example/x', '//evil.example/x'],
    ['/db/a//b///', '/a//b///'],
    ['/db/a;b=1/c', '/a;b=1/c'],
    ['/db/x??y=?', '/x??y=?'],
    ['/db/a+b?c+d&e=%20', '/a+b?c+d&e=%20'],
    ['/db/...slug', '/...slug'],
    ['/db/..hidden/.x', '/..hidden/.x'],
    ['/db/%252e%252e/x', '/%252e%252e/x'],
    ['/db/%25', '/%25'],
    ['/db/x?next=/../y&z=..%2f', '/x?next=/../y&z=..%2f'],
    ['/db/x?a=http://other.test//b', '/x?a=http://other.test//b'],
    ['/db/x?q=100%', '/x?q=100%'],
    ['/db/%C3%BC', '/%C3%BC'],
    ['/db/!$&\'()*,=:@|{}[]^`"<>', '/!$&\'()*,=:@|{}[]^`"<>'],
    ['/db/http://other.test/', '/http://other.test/'],
  ])('%s reaches the service as %s', async (sent, received) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    expect((await gateway.get(sent)).status).toBe(200);
    expect(service.request.target).toBe(received);
  });

  test.each([
    '/db/%',
    '/db/%4',
    '/db/%zz',
    '/db/%00',
    '/db/a%00.png',
    '/db/a\\b',
    '/db/%5c',
    '/db/%5C..%5Cx',
    '/db/..',
    '/db/.',
    '/db/../x',
    '/db/./x',
    '/db/a/..',
    '/db/a/../../etc/passwd',
    '/db/%2e%2e/x',
    '/db/.%2E/x',
    '/db/%2E',
    '/db/..;/x',
    '/db/..;a=b/x',
    '/db/%2e%2e;/x',
    '/db/x#fragment',
    '/db?x#fragment',
    '/%64b/../x',
  ])('%s is answered 400, and no service hears of it', async (sent) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    expect((await gateway.get(sent)).status).toBe(400);
    expect(service.connections).toEqual([]);
  });

  test.each([
    '/dbx',
    '/db..',
    '/db../x',
    '/DB',
    '/Db/x',
    '/db;x',
    '/db%2Fx',
    '/x/db',
    '//db',
    '//db/x',
    '/d',
    '/db%20',
  ])('%s belongs to nobody', async (sent) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    expect((await gateway.get(sent)).status).toBe(404);
    expect(service.connections).toEqual([]);
  });

  test.each([
    ['/db', '/db'],
    ['/db/', '/db/'],
    ['/db?x', '/db?x'],
    ['/db/a%2Fb//c', '/db/a%2Fb//c'],
    ['/%64b/x', '/%64b/x'],
  ])('with strip: false, %s reaches the service as %s', async (sent, received) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/db', service.port, 'strip: false'), { files });
    await gateway.get(sent);
    expect(service.request.target).toBe(received);
  });

  test.each([
    ['/', '/'],
    ['/?x', '/?x'],
    ['//other.test/x', '//other.test/x'],
    ['/a/b', '/a/b'],
  ])('a route of / carries %s as %s, always to its own service', async (sent, received) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/', service.port), { files });
    expect((await gateway.get(sent)).status).toBe(200);
    expect(service.request.target).toBe(received);
  });

  test.each([
    ['\xe9', 'a byte beyond ASCII'],
    ['\x01', 'a control character'],
    ['\x7f', 'DEL'],
    ['a\tb', 'a tab'],
  ])('a target with a raw %j is refused', async (bytes) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    expect((await gateway.get(`/db/${bytes}`)).status).toBe(400);
    expect(service.connections).toEqual([]);
  });

  test.each([
    'PROPFIND',
    'MKCOL',
    'QUERY',
    'SEARCH',
    'PURGE',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'M-SEARCH',
    'REPORT',
  ])('%s is carried', async (method) => {
    const service = (await startService()).answer(ok('done'));
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    expect((await gateway.exchange(request(method, '/db/x'))).text).toBe('done');
    expect(service.request.head.startLine).toBe(`${method} /x HTTP/1.1`);
  });

  test.each(['CONNECT gateway.test:443', 'CONNECT /db/x', 'TRACE /db/x'])(
    '%s is answered 405',
    async (line) => {
      const service = (await startService()).answer(ok());
      const gateway = await startTestGateway(routes('/db', service.port), { files });
      const client = await gateway.connect();
      await client.send(`${line} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`);
      expect((await client.answer()).status).toBe(405);
      expect(service.connections).toEqual([]);
    },
  );

  test.each([
    ['/db', '/db/'],
    ['/db?x=1&y', '/db/?x=1&y'],
  ])('a navigation to %s is sent on to %s', async (sent, location) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    const answer = await gateway.get(sent, 'Sec-Fetch-Mode: navigate');
    expect(answer.status).toBe(308);
    expect(answer.head.value('location')).toBe(location);
    expect(service.connections).toEqual([]);
  });

  test.each(['/db/', '/db/x'])('a navigation to %s is carried', async (sent) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    expect((await gateway.get(sent, 'Sec-Fetch-Mode: navigate')).status).toBe(200);
  });

  test('an absolute-form target is accepted, and its authority beats Host', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('shop.test/db', service.port), { files });
    const answer = await gateway.get('http://Shop.TEST:81/db/x?y', 'Host: wrong.test');
    expect(answer.status).toBe(200);
    expect(service.request.target).toBe('/x?y');
    expect(service.request.head.value('host')).toBe('Shop.TEST:81');
  });
});

test('OPTIONS * is answered by the gateway', async () => {
  const service = (await startService()).answer(ok());
  const gateway = await startTestGateway(`routes:\n  /: ${service.port}`);
  const answer = await gateway.exchange(request('OPTIONS', '*'));
  expect(answer.status).toBeGreaterThanOrEqual(200);
  expect(answer.status).toBeLessThan(300);
  expect(service.connections).toEqual([]);
});
