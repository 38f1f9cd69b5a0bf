import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { request } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok, startService } from '../testing/service.ts';

/**
 * The order of docs/architecture.md, seen from outside: listener → admission → route table → filters → balancer and forward. A request
 * that is wrong at several hops is answered by the first of them, and the hops behind it never hear of it.
 */

/** One fault, in the order of the hops that find it. */
const faults = [
  { at: 'the listener', code: 'expectation_failed', status: 417 },
  { at: 'the admission', code: 'bad_target', status: 400 },
  { at: 'the route table', code: 'no_route', status: 404 },
  { at: 'the filter against loops', code: 'loop', status: 508 },
  { at: 'the filter of body sizes', code: 'body_too_large', status: 413 },
  { at: 'the endpoint', code: 'connection_refused', status: 502 },
] as const;

type Code = (typeof faults)[number]['code'];

/** A request with these faults, and no other, to a route that leads nowhere and takes ten bytes. */
function faulty(codes: readonly Code[], via: string): string {
  const has = (code: Code) => codes.includes(code);
  const path = `${has('no_route') ? '/nowhere' : '/db'}/${has('bad_target') ? '%zz' : 'x'}`;
  const fields = [
    ...(has('expectation_failed') ? ['Expect: a-miracle'] : []),
    ...(has('loop') ? [`Via: ${via}`] : []),
  ];
  return request('PUT', path, fields, has('body_too_large') ? 'more than ten bytes' : 'ten bytes!');
}

describe.each(routeKinds)('on $kind', ({ routes, files }) => {
  const startFaulty = async (): Promise<{ gateway: TestGateway; via: string }> => {
    const seen = (await startService()).answer(ok());
    const yaml = `${routes('/db', await freePort(), 'bodyMax: 10B')}  /seen: ${seen.port}\n`;
    const gateway = await startTestGateway(yaml, { files });
    await gateway.get('/seen/');
    return { gateway, via: seen.request.head.value('via') ?? 'nothing' };
  };

  test.each(faults.map((fault, at) => [fault.at, fault.code, fault.status, faults.slice(at)] as const))(
    '%s answers %s before any later hop does',
    async (_at, code, status, from) => {
      const { gateway, via } = await startFaulty();
      for (const later of from) {
        const codes = later.code === code ? [code] : [code, later.code];
        const answer = await gateway.exchange(faulty(codes, via));
        expect([codes, answer.status, JSON.parse(answer.text).code]).toEqual([codes, status, code]);
      }
      const all = await gateway.exchange(
        faulty(
          from.map((fault) => fault.code),
          via,
        ),
      );
      expect([all.status, JSON.parse(all.text).code]).toEqual([status, code]);
    },
  );

  test('a request without a fault passes every hop, and is observed at the end', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db', ['bodyMax: 10B']);
    service.answer(ok('arrived'));
    expect((await gateway.exchange(faulty([], 'nothing'))).text).toBe('arrived');
    expect(await gateway.log.exchange(200)).toMatchObject({ route: '/db', attempts: 1, bytesIn: 10 });
  });

  test('who is refused before the forward has cost no attempt', async () => {
    const { gateway, via } = await startFaulty();
    for (const { code, status } of faults.slice(0, -1)) {
      await gateway.exchange(faulty([code, 'connection_refused'], via));
      expect(await gateway.log.exchange(status)).toMatchObject({ code, attempts: 0, endpoint: null });
    }
    await gateway.exchange(faulty(['connection_refused'], via));
    expect(await gateway.log.exchange(502)).toMatchObject({ attempts: 1, route: '/db' });
  });
});
