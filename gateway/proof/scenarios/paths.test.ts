import { describe, expect, test } from 'vitest';
import { routeKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok } from '../testing/service.ts';

// What arrives of a path, and what is refused, is in the table of hostile/.
describe.each(routeKinds)('a path on $kind', ({ routes, files }) => {
  test.each([
    ['/db', '/db'],
    ['/db/', '/db/'],
    ['/db?x', '/db?x'],
    ['/db/a%2Fb//c', '/db/a%2Fb//c'],
    ['/%64b/x', '/%64b/x'],
  ])('with strip: false, %s reaches the service as %s', async (sent, received) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db', ['strip: false']);
    service.answer(ok());
    await gateway.get(sent);
    expect(service.request.target).toBe(received);
  });

  test.each([
    ['/db', '/api/v2'],
    ['/db/', '/api/v2/'],
    ['/db?x', '/api/v2?x'],
    ['/%64b/a%2Fb//c?d', '/api/v2/a%2Fb//c?d'],
  ])('with rewritePrefix, %s reaches the service as %s', async (sent, received) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db', ['rewritePrefix: /api/v2/']);
    service.answer(ok('', 'Location: /api/v2/new', 'Set-Cookie: a=1; Path=/api/v2'));
    // What has a path of its own there says itself where its pages end in a slash.
    const { status, head } = await gateway.get(sent, 'Sec-Fetch-Mode: navigate');
    expect([status, service.request.target]).toEqual([200, received]);
    expect([head.value('location'), head.value('set-cookie')]).toEqual(['/db/new', 'a=1; Path=/db']);
    expect(service.request.head.value('x-forwarded-prefix')).toBe('/db');
  });

  test.each(['/one', '/one/'])('with append: false all of it reaches the service as %s', async (path) => {
    const keys = [`rewritePrefix: ${path}`, 'append: false'];
    const { service, gateway } = await startRoute({ routes, files }, '/db', keys);
    service.answer(ok('', 'Location: /one/'));
    const { head } = await gateway.get('/db/a/b?x');
    expect([service.request.target, head.value('location')]).toEqual([`${path}?x`, '/db/']);
  });

  test('with a name as hostHeader the service is asked by it, and says it of itself', async () => {
    const keys = ['hostHeader: Shop.internal'];
    const { service, gateway } = await startRoute({ routes, files }, '/db', keys);
    service.answer(ok('', 'Location: http://shop.internal/x'));
    const { head } = await gateway.get(
      '/db',
      'Origin: http://gateway.test',
      'Referer: http://gateway.test/a',
    );
    const sent = service.request.head;
    expect([sent.value('host'), sent.value('origin'), sent.value('referer')]).toEqual([
      'shop.internal',
      'http://shop.internal',
      'http://shop.internal/a',
    ]);
    expect([sent.value('x-forwarded-host'), head.value('location')]).toEqual([
      'gateway.test',
      'http://gateway.test/db/x',
    ]);
  });

  test.each([
    ['/', '/'],
    ['/?x', '/?x'],
    ['//other.test/x', '//other.test/x'],
    ['/a/b', '/a/b'],
  ])('a route of / carries %s as %s, always to its own service', async (sent, received) => {
    const { service, gateway } = await startRoute({ routes, files }, '/');
    service.answer(ok());
    expect((await gateway.get(sent)).status).toBe(200);
    expect(service.request.target).toBe(received);
  });

  test.each([
    ['/db', '/db/'],
    ['/db?x=1&y', '/db/?x=1&y'],
  ])('a navigation to %s is sent on to %s', async (sent, location) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    const answer = await gateway.get(sent, 'Sec-Fetch-Mode: navigate');
    expect(answer.status).toBe(308);
    expect(answer.head.value('location')).toBe(location);
    expect(service.connections).toEqual([]);
  });

  test.each(['/db/', '/db/x'])('a navigation to %s is carried', async (sent) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    expect((await gateway.get(sent, 'Sec-Fetch-Mode: navigate')).status).toBe(200);
  });
});
