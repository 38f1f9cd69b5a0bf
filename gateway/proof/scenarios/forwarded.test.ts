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

// What becomes of it where it comes from a stranger is in the table of hostile/.
describe.each(routeKinds)('where a request came from, on $kind', ({ routes, files }) => {
  async function received(fields: readonly string[], settings = '') {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(settings + routes('/db', service.port), { files });
    expect((await gateway.exchange(get('/db/x', 'Host: shop.test:8080', ...fields))).status).toBe(200);
    return service.request.head;
  }

  const others = ['X-Forwarded-User: admin', 'x-forwarded-client-cert: By=x', 'X-Forwarded-Ssl: on'];

  test('those of a trusted proxy arrive as it sent them, but for other spellings', async () => {
    const head = await received([...others, others[0]!, 'X_Forwarded_User: evil'], 'trustProxy: loopback\n');
    expect(head.values('x-forwarded-user')).toEqual(['admin', 'admin']);
    expect(head.value('x-forwarded-client-cert')).toBe('By=x');
    expect(head.raw).not.toContain('evil');
  });

  test('those that Connection names are for the gateway alone, a trusted proxy notwithstanding', async () => {
    const fields = ['Connection: X-Forwarded-User', others[0]!];
    expect((await received(fields, 'trustProxy: loopback\n')).has('x-forwarded-user')).toBe(false);
  });

  test.each([
    'Content_Length: 99',
    'Transfer_Encoding: chunked',
    'Proxy_Connection: close',
    'Proxy_Authorization: Basic eDp5',
    'keep_alive: timeout=5',
  ])('a look-alike of a field about the message or the connection is dropped: %s', async (line) => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    expect((await received([line], 'trustProxy: loopback\n')).has(name)).toBe(false);
  });

  test.each([
    ['X-Forwarded-Prefix: /../x', 'x-forwarded-prefix', '/db'],
    ['X-Forwarded-Prefix: /a/%2e%2e/x', 'x-forwarded-prefix', '/db'],
    ['X-Forwarded-Prefix: /a/%zz', 'x-forwarded-prefix', '/db'],
    ['X-Forwarded-Prefix: /outer', 'x-forwarded-prefix', '/outer/db'],
    ['X-Forwarded-Port: 99999', 'x-forwarded-port', '8080'],
    ['X-Forwarded-Port: 0', 'x-forwarded-port', '8080'],
    ['X-Forwarded-Port: 65535', 'x-forwarded-port', '65535'],
    ['X-Forwarded-Host: bank.test:99999', 'x-forwarded-host', 'shop.test:8080'],
    ['X-Forwarded-For: ::ffff:9.9.9.9', 'x-real-ip', '9.9.9.9'],
    ['X-Forwarded-For: [::FFFF:909:909]:1234', 'x-real-ip', '9.9.9.9'],
    ['X-Forwarded-For: 9.9.9.9, ::ffff:127.0.0.1', 'x-real-ip', '9.9.9.9'],
    ['X-Forwarded-For: 2001:db8::ffff:9', 'x-real-ip', '2001:db8::ffff:9'],
  ])('with %s even of a trusted proxy, %s is %s', async (line, name, value) => {
    expect((await received([line], 'trustProxy: loopback\n')).value(name)).toBe(value);
  });

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
