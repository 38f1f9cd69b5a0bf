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
