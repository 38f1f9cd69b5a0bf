import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { acmeStage, issuerShown, NAME, ordered } from '../testing/acme-stage.ts';
import { problem } from '../testing/directory-front.ts';
import { hasPebble } from '../testing/pebble.ts';
import { get } from '../testing/raw-client.ts';
import { connectSecurely } from '../testing/secure-client.ts';

describe.skipIf(!hasPebble)('tls.acme, at Let’s Encrypt’s test directory,', { timeout: 60_000 }, () => {
  test('has a certificate ordered and shows it, without a restart', async () => {
    const { gateway, folder } = await acmeStage({ keys: [`names: ${NAME}`] });
    await ordered(gateway);
    const client = await connectSecurely(gateway.port, { servername: NAME });
    expect((await client.exchange(get('/', `Host: ${NAME}`))).status).toBe(200);
    const below = join(folder, (await readdir(folder))[0]!);
    for (const file of await readdir(below)) expect((await stat(join(below, file))).mode & 0o777).toBe(0o600);
    expect((await stat(below)).mode & 0o777).toBe(0o700);
    expect((await readdir(below)).sort()).toEqual(['account.json', `${NAME}.order.json`, `${NAME}.pem`]);
  });

  test('asks again where a nonce is refused', async () => {
    const { gateway, front } = await acmeStage({
      keys: [`names: ${NAME}`],
      prepare: (front) =>
        front.on('/order-plz', (incoming, response) => {
          front.off('/order-plz');
          problem('badNonce', 'an old one', 400, { 'Replay-Nonce': 'unknown' })(incoming, response);
        }),
    });
    await ordered(gateway);
    expect(front.asked.filter((one) => one === 'POST /order-plz')).toHaveLength(3);
  });

  test('shows a stand-in until then, and says so', async () => {
    const { gateway } = await acmeStage({
      prepare: (front) => front.on('/dir', (_, response) => response.writeHead(503).end()),
    });
    expect(await issuerShown(gateway.port)).toBe('Portway: no certificate yet');
    expect(gateway.log.text()).toContain('no certificate yet');
  });

  test('answers only challenges that are outstanding', async () => {
    const { gateway, service } = await acmeStage({ keys: [`names: ${NAME}`] });
    await ordered(gateway);
    await gateway.get('/.well-known/acme-challenge/abc', `Host: ${NAME}`);
    expect(service.requests.map(({ head }) => head.target)).toEqual(['/.well-known/acme-challenge/abc']);
  });

  test('proves a name before its host is asked for, and before the redirect', async () => {
    const { gateway, service } = await acmeStage({ keys: ['names: other.example.test'] });
    await ordered(gateway, 'other.example.test');
    expect((await gateway.get('/', 'Host: other.example.test')).status).toBe(421);
    expect(service.requests).toEqual([]);
  });

  test('proves a name by a handshake', async () => {
    const keys = [`names: ${NAME}`, 'challenge: tls-alpn-01'];
    const { gateway } = await acmeStage({ keys, proves: 'tls-alpn-01' });
    await ordered(gateway);
  });

  test('orders for each host of the routes and of allowedHosts, one certificate for each', async () => {
    const { gateway } = await acmeStage();
    await ordered(gateway);
    await ordered(gateway, 'elsewhere.example.test');
  });
});
