import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { SHOP_TLS } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';

const { yaml: TLS, files: SHOP } = SHOP_TLS;

describe.each(routeKinds)('over HTTP/2, on $kind', ({ routes, files }) => {
  describe.each(['https', 'http'] as const)('by %s', (scheme) => {
    async function start(more: string) {
      const service = (await startService()).answer(ok());
      const gateway = await startTestGateway(TLS + more + routes('/db', service.port), {
        files: { ...SHOP, ...files },
      });
      return { service, session: await connectH2(gateway.port, scheme) };
    }

    test.each([
      ['allow: [10.0.0.0/8]\n', 403],
      ['deny: [127.0.0.1]\n', 403],
      ['allow: [127.0.0.1]\n', 200],
    ])('addresses are judged: %j', async (more, status) => {
      const { service, session } = await start(more);
      const asked = { ':path': '/db', 'x-forwarded-for': '10.0.0.1' };
      expect((await exchangeH2(session, asked)).status).toBe(status);
      expect(service.requests).toHaveLength(status === 200 ? 1 : 0);
    });

    test('a preflight is answered, and an answer says whose it may be', async () => {
      const { service, session } = await start('cors: { origins: [https://app.test], credentials: true }\n');
      const origin = { ':path': '/db', origin: 'https://app.test' };
      const preflight = await exchangeH2(session, {
        ...origin,
        ':method': 'OPTIONS',
        'access-control-request-method': 'PUT',
      });
      expect(preflight.status).toBe(204);
      expect(service.requests).toHaveLength(0);
      for (const { headers } of [preflight, await exchangeH2(session, origin)])
        expect(headers).toMatchObject({
          'access-control-allow-origin': 'https://app.test',
          'access-control-allow-credentials': 'true',
        });
      const other = await exchangeH2(session, { ...origin, origin: 'https://evil.test' });
      expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    });

    test('what streams of one connection ask for counts together', async () => {
      const { session } = await start('rateLimit: { rate: 2/h }\n');
      const statuses = await Promise.all(
        Array.from({ length: 5 }, async () => (await exchangeH2(session, { ':path': '/db' })).status),
      );
      expect(statuses.sort()).toEqual([200, 200, 429, 429, 429]);
    });
  });
});
