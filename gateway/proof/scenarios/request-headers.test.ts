import { describe, expect, test } from 'vitest';
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
