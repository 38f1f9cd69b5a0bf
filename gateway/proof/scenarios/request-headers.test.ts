import { describe, expect, test } from 'vitest';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok } from '../testing/service.ts';

// What arrives of fields, and what is for one hop only, is in the table of hostile/.
describe.each(laneKinds)('the fields of a request on $kind', ({ routes, files }) => {
  async function received(fields: readonly string[], ...keys: string[]) {
    const { service, gateway } = await startRoute({ routes, files }, '/db', keys);
    service.answer(ok());
    expect((await gateway.get('/db/', ...fields)).status).toBe(200);
    return { head: service.request.head, service };
  }

  test('Host is that of the endpoint where the route says so', async () => {
    const { head, service } = await received(['Host: shop.example'], 'hostHeader: rewrite');
    expect(head.value('host')).toMatch(new RegExp(`^(127\\.0\\.0\\.1|localhost):${service.port}$`));
  });

  test('arrive each time as they are sent again on a connection, but for what is of one request', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(() => ok());
    const client = await gateway.connect();
    const fields = ['Accept: */*', 'X-A: 1', 'Connection: X-Hop', 'X-Hop: 1', 'X-Forwarded-For: 192.0.2.1'];
    for (const path of ['/db/1', '/db/2', '/db/3', '/db/4']) await client.exchange(get(path, ...fields));
    await client.exchange(get('/db/5', 'Accept: */*', 'X-A: 2'));
    const heads = service.requests.map(({ head }) => head);
    const same = heads.map(({ lines }) =>
      lines.filter((line) => !/^(x-request-id|traceparent):/i.test(line)),
    );
    expect([same[1], same[2], same[3]]).toEqual([same[0], same[0], same[0]]);
    expect(same[0]!.join('\n')).not.toMatch(/x-hop|192\.0\.2\.1/i);
    expect(heads[4]!.value('x-a')).toBe('2');
    for (const name of ['x-request-id', 'traceparent'])
      expect(new Set(heads.flatMap((head) => head.values(name))).size).toBe(5);
  });

  // An application that compares Host with Origin (Jupyter, Django) must find one name in both.
  test.each([
    ['Origin: http://shop.example:8080', 'Origin: OWN'],
    ['origin: HTTP://SHOP.EXAMPLE:8080', 'origin: OWN'],
    ['Referer: http://shop.example:8080/db/a%2Fb?x=1', 'Referer: OWN/db/a%2Fb?x=1'],
    ['Referer: http://shop.example:8080', 'Referer: OWN'],
    ['Origin: http://evil.example', 'Origin: http://evil.example'],
    ['Origin: http://shop.example', 'Origin: http://shop.example'],
    ['Origin: https://shop.example:8080', 'Origin: https://shop.example:8080'],
    ['Origin: null', 'Origin: null'],
    ['Origin: http://u@shop.example:8080', 'Origin: http://u@shop.example:8080'],
    [
      'Referer: http://evil.example/?http://shop.example:8080/',
      'Referer: http://evil.example/?http://shop.example:8080/',
    ],
    ['X-Origin: http://shop.example:8080', 'X-Origin: http://shop.example:8080'],
  ])('with hostHeader: rewrite, %s arrives as %s', async (sent, arrived) => {
    const { head, service } = await received(['Host: shop.example:8080', sent], 'hostHeader: rewrite');
    const own = `http://${head.value('host')}`;
    expect(own).toMatch(new RegExp(`:${service.port}$`));
    expect(head.lines).toContain(arrived.replace('OWN', own));
  });

  test('without it, Origin and Referer arrive as sent', async () => {
    const fields = ['Origin: http://shop.example', 'Referer: http://shop.example/db/'];
    expect((await received(['Host: shop.example', ...fields])).head.lines).toEqual(
      expect.arrayContaining(fields),
    );
  });
});
