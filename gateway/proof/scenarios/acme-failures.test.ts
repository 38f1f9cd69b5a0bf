import { describe, expect, test } from 'vitest';
import {
  acmeStage,
  certificateStatus,
  DAY_MS,
  failedOrder,
  issuerShown,
  NAME,
  OLD_ISSUER,
  oldCertificate,
  ordered,
} from '../testing/acme-stage.ts';
import { problem } from '../testing/directory-front.ts';
import { scrape } from '../testing/metrics-text.ts';
import { hasPebble } from '../testing/pebble.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { connectSecurely } from '../testing/secure-client.ts';

const ONE = { keys: [`names: ${NAME}`] };
const MINUTE_MS = 60_000;

describe.skipIf(!hasPebble)('a renewal of tls.acme', { timeout: 60_000 }, () => {
  test('is done with a third of the time left, and connections go on', async () => {
    const { gateway } = await acmeStage({
      ...ONE,
      prepare: async (front, folder) => void (await oldCertificate(front, folder, 0.3)),
    });
    const before = await connectSecurely(gateway.port, { servername: NAME });
    expect(before.socket.getPeerCertificate().issuer.CN).toBe(OLD_ISSUER);
    await ordered(gateway);
    expect((await before.exchange(get('/', `Host: ${NAME}`))).status).toBe(200);
    const status = await certificateStatus(gateway.adminPort);
    expect(status).toMatchObject({ name: NAME, state: 'valid', failures: 0, error: null });
    const renewIn = status!.nextTryAt! - Date.now();
    expect(renewIn).toBeGreaterThan(56 * DAY_MS);
    expect(renewIn).toBeLessThan(61 * DAY_MS);
  });

  test('is not done before', async () => {
    const { gateway, front } = await acmeStage({
      ...ONE,
      prepare: async (front, folder) => void (await oldCertificate(front, folder, 0.5)),
    });
    expect(await issuerShown(gateway.port)).toBe(OLD_ISSUER);
    // The port is open before the files of the names are read: until then it is missing.
    const status = () => certificateStatus(gateway.adminPort);
    await until('its certificate is read', async () => (await status())?.state === 'valid');
    expect(await status()).toMatchObject({ failures: 0 });
    expect(front.asked.filter((one) => one.startsWith('POST'))).toEqual([]);
  });

  test('that fails leaves the old certificate in use, and page, log and metrics say why', async () => {
    const { gateway, front } = await acmeStage({
      ...ONE,
      prepare: async (front, folder) => {
        await oldCertificate(front, folder, 0.2);
        front.on('/dir', (_, response) => response.writeHead(503).end('not now'));
      },
    });
    const { error, nextTryAt, failures } = await failedOrder(gateway.adminPort);
    expect(error).toMatchObject({ type: 'unreachable', detail: expect.stringContaining('answered 503') });
    expect(failures).toBe(1);
    expect(nextTryAt! - Date.now()).toBeGreaterThan(4 * MINUTE_MS);
    expect(await issuerShown(gateway.port)).toBe(OLD_ISSUER);
    const line = await gateway.log.find('failure', ({ type }) => type === 'unreachable');
    expect(line).toMatchObject({ name: NAME, advice: expect.stringContaining('firewall') });
    const metrics = await scrape(gateway.adminPort);
    expect(metrics.sum('portway_acme_failures', { name: NAME })).toBe(1);
    expect(metrics.sum('portway_acme_orders_total', { result: 'failed' })).toBe(1);
    expect(metrics.sum('portway_acme_certificate_expires_timestamp_seconds', { name: NAME })).toBeGreaterThan(
      Date.now() / 1000,
    );
    // It waits: the first look and the one try are all that the directory saw.
    expect(front.asked.length).toBeLessThanOrEqual(3);
  });

  test('that is limited waits as long as the directory says', async () => {
    const { gateway } = await acmeStage({
      ...ONE,
      prepare: (front) =>
        front.on(
          '/order-plz',
          problem('rateLimited', 'too many certificates', 429, { 'Retry-After': '7200' }),
        ),
    });
    const { error, nextTryAt } = await failedOrder(gateway.adminPort);
    expect(error).toMatchObject({
      type: 'rateLimited',
      detail: expect.stringContaining('too many certificates'),
    });
    expect(nextTryAt! - Date.now()).toBeGreaterThan(119 * MINUTE_MS);
    expect(nextTryAt! - Date.now()).toBeLessThan(121 * MINUTE_MS);
  });
});

describe.skipIf(!hasPebble)('an account that the directory has forgotten', { timeout: 60_000 }, () => {
  test('is registered again by the next order', async () => {
    const { gateway, front, yaml } = await acmeStage({
      ...ONE,
      prepare: (front) => front.on('/order-plz', problem('accountDoesNotExist', 'no such account', 400)),
    });
    await failedOrder(gateway.adminPort);
    front.off('/order-plz');
    await gateway.editAndReload(yaml(...ONE.keys, 'challenge: http-01'));
    await ordered(gateway);
    expect(front.asked.filter((one) => one === 'POST /sign-me-up')).toHaveLength(2);
  });
});

describe.skipIf(!hasPebble)('a name whose DNS is wrong', { timeout: 60_000 }, () => {
  test('fails with advice, keeps no other name waiting, and is tried at once when acme changes', async () => {
    const { gateway, pebble, yaml } = await acmeStage({
      prepare: (_front, _folder, pebble) => pebble!.forget(NAME),
    });
    await ordered(gateway, 'elsewhere.example.test');
    const { error } = await failedOrder(gateway.adminPort);
    // Let's Encrypt says `dns`, pebble `connection`.
    expect(error).toMatchObject({ type: expect.stringMatching(/^(dns|connection)$/) });
    await pebble!.remember(NAME);
    await gateway.editAndReload(yaml('challenge: http-01'));
    await ordered(gateway);
  });
});

describe.skipIf(!hasPebble)('a process that ends in the middle of an order', { timeout: 60_000 }, () => {
  test.each(['/finalize-order', '/certZ'])('goes on with it, at %s', async (path) => {
    const stage = await acmeStage({
      ...ONE,
      prepare: (front) => front.on(path, (incoming) => incoming.resume()),
    });
    const { gateway, front, folder, pebble } = stage;
    await until(`${path} is asked for`, () => front.asked.some((one) => one.includes(path)));
    await gateway.close();
    front.off(path);
    const again = await acmeStage({ ...ONE, at: { front, folder, pebble } });
    await ordered(again.gateway);
    expect(front.asked.filter((one) => one === 'POST /order-plz')).toHaveLength(1);
    expect(front.asked.filter((one) => one === 'POST /sign-me-up')).toHaveLength(1);
  });
});

describe('after a restart', () => {
  test('what failed is not tried at once', async () => {
    const { gateway, front, folder } = await acmeStage({ ...ONE, pebble: false });
    await failedOrder(gateway.adminPort);
    await gateway.close();
    const asked = front.asked.length;
    const again = await acmeStage({ ...ONE, at: { front, folder, pebble: null } });
    const status = await failedOrder(again.gateway.adminPort);
    expect(status).toMatchObject({ failures: 1, state: 'missing', error: { type: 'garbage' } });
    expect(status!.nextTryAt! - Date.now()).toBeGreaterThan(4 * MINUTE_MS);
    expect(front.asked.length).toBe(asked);
  });
});
