import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok, startService } from '../testing/service.ts';

// What it says to the service is in the table of hostile/.
describe.each(routeKinds)('Via on $kind', ({ routes, files }) => {
  test.each([
    ['alone', (own: string) => [`Via: ${own}`]],
    ['in a list', (own: string) => [`Via: 1.0 fred, ${own}, 1.1 other`]],
    ['in the second of two lines', (own: string) => ['Via: 1.0 fred', `via: ${own}`]],
  ])('with our own name %s is a loop', async (_where, fields) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    await gateway.get('/db/');
    const own = service.request.head.value('via') ?? 'nothing';
    const answer = await gateway.get('/db/', ...fields(own));
    expect(answer.status).toBe(508);
    expect(answer.head.value('proxy-status')).toContain('proxy_loop_detected');
    expect(service.requests).toHaveLength(1);
  });

  test('a gateway behind another is no loop', async () => {
    const service = (await startService()).answer(ok('through both'));
    const inner = await startTestGateway(routes('/db', service.port), { files });
    const outer = await startTestGateway(routes('/a', inner.port), { files });
    expect((await outer.exchange(get('/a/db/x'))).text).toBe('through both');
    const entries = service.request.head.values('via').join(', ').split(', ');
    expect(entries).toHaveLength(2);
    expect(new Set(entries).size).toBe(2);
  });

  test('OPTIONS goes as many hops as Max-Forwards says', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    const options = (hops: string) => gateway.exchange(request('OPTIONS', '/db/', [`Max-Forwards: ${hops}`]));
    await options('2');
    expect(service.request.head.values('max-forwards')).toEqual(['1']);
    expect((await options('0')).head.value('allow')).toContain('GET');
    expect(service.requests).toHaveLength(1);
  });
});
