import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';

const claims = [
  'X-Forwarded-For: 10.9.9.9',
  'X-Forwarded-Host: bank.test',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 444',
  'X-Forwarded-Prefix: /admin',
  'X-Real-IP: 10.9.9.9',
  'Forwarded: for=10.9.9.9;proto=https;host=bank.test',
];

describe.each(routeKinds)('where a request came from, on $kind', ({ routes, files }) => {
  async function received(fields: readonly string[], settings = '') {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(settings + routes('/db', service.port), { files });
    expect((await gateway.exchange(get('/db/x', 'Host: shop.test:8080', ...fields))).status).toBe(200);
    return service.request.head;
  }

  test.each([
    ['said by nobody', []],
    ['claimed by a client', claims],
    ['claimed twice', [...claims, ...claims]],
    ['claimed in other cases', claims.map((claim) => claim.toLowerCase())],
  ])('is told by the gateway alone when %s', async (_how, fields) => {
    const head = await received(fields);
    expect(head.values('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(head.values('x-real-ip')).toEqual(['127.0.0.1']);
    expect(head.values('x-forwarded-host')).toEqual(['shop.test:8080']);
    expect(head.values('x-forwarded-proto')).toEqual(['http']);
    expect(head.values('x-forwarded-prefix')).toEqual(['/db']);
    expect(head.values('x-forwarded-port')).toEqual([expect.stringMatching(/^\d+$/)]);
    expect(head.value('x-forwarded-port')).not.toBe('444');
    expect(head.raw).not.toMatch(/10\.9\.9\.9|bank\.test|\/admin/);
  });

  test('Forwarded says it in the form of RFC 7239', async () => {
    const pairs = (await received(claims)).value('forwarded')?.split(';').sort();
    expect(pairs).toContain('for=127.0.0.1');
    expect(pairs).toContain('host="shop.test:8080"');
    expect(pairs).toContain('proto=http');
  });

  test.each(['X_Forwarded_For', 'x_forwarded_proto', 'X_Real_IP', 'X-Forwarded_For', 'X_Forwarded_Host'])(
    'the look-alike %s is dropped',
    async (name) => {
      expect((await received([`${name}: 10.9.9.9`])).raw).not.toContain('10.9.9.9');
    },
  );

  test.each(['trustProxy: [127.0.0.1]\n', 'trustProxy: [127.0.0.0/8]\n'])(
    'a trusted proxy is believed: %s',
    async (settings) => {
      const head = await received(claims, settings);
      expect(head.value('x-forwarded-for')).toBe('10.9.9.9, 127.0.0.1');
      expect(head.value('x-forwarded-proto')).toBe('https');
      expect(head.value('x-forwarded-host')).toBe('bank.test');
      expect(head.value('x-real-ip')).toBe('10.9.9.9');
      expect(head.values('forwarded').join(', ')).toMatch(/for=10\.9\.9\.9.*,\s*for=127\.0\.0\.1/);
    },
  );

  test('trust in another proxy is no trust in this client', async () => {
    const head = await received(claims, 'trustProxy: [10.0.0.0/8]\n');
    expect(head.values('x-forwarded-for')).toEqual(['127.0.0.1']);
  });
});
