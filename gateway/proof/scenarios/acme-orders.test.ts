import { describe, expect, test } from 'vitest';
import { renewalIdentifier } from '../../tls/signing-request.ts';
import {
  acmeStage,
  certificateStatus,
  failedOrder,
  issuerShown,
  NAME,
  OLD_ISSUER,
  oldCertificate,
  ordered,
} from '../testing/acme-stage.ts';
import { problem } from '../testing/directory-front.ts';
import { hasPebble } from '../testing/pebble.ts';
import { until } from '../testing/poll.ts';

const ONE = [`names: ${NAME}`];
const HOUR_MS = 3_600_000;

/** RFC 9773 §4. */
function windowAt(hours: number): string {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  return JSON.stringify({ suggestedWindow: { start: at(hours * HOUR_MS), end: at((hours + 1) * HOUR_MS) } });
}

describe.skipIf(!hasPebble)('a directory with renewal information', { timeout: 60_000 }, () => {
  test('that wants a certificate renewed gets the order at once, and once', async () => {
    let id = '';
    const { gateway, front } = await acmeStage({
      keys: ONE,
      prepare: async (front, folder) => {
        id = renewalIdentifier(await oldCertificate(front, folder, 0.9))!;
        front.edit((directory) => ({ ...directory, renewalInfo: `${front.origin}/ari` }));
        front.on('/ari', (_, response) => response.end(windowAt(-2)));
      },
    });
    await ordered(gateway);
    expect(front.asked).toContain(`GET /ari/${id}`);
    const holds = () => front.asked.filter((one) => one.includes('/ari/')).length > 1;
    await until('the new one is asked about', holds);
    const { nextTryAt } = (await certificateStatus(gateway.adminPort))!;
    // It says the same of the new one.
    expect(nextTryAt! - Date.now()).toBeGreaterThan(5 * HOUR_MS);
    expect(front.asked.filter((one) => one === 'POST /order-plz')).toHaveLength(1);
  });

  test('decides, where that is sooner or later than we would', async () => {
    const { gateway } = await acmeStage({
      keys: ONE,
      prepare: async (front, folder) => {
        await oldCertificate(front, folder, 0.3);
        front.edit((directory) => ({ ...directory, renewalInfo: `${front.origin}/ari` }));
        front.on('/ari', (_, response) => response.end(windowAt(5)));
      },
    });
    await until('it is known', async () => {
      const status = await certificateStatus(gateway.adminPort);
      return (status?.nextTryAt ?? 0) > Date.now() + 4 * HOUR_MS;
    });
    expect(await issuerShown(gateway.port)).toBe(OLD_ISSUER);
  });

  test.each([
    'nonsense',
    '{"suggestedWindow":{"start":"2030-01-01T00:00:00Z","end":"2020-01-01T00:00:00Z"}}',
  ])('that says %s is not listened to', async (said) => {
    const { gateway } = await acmeStage({
      keys: ONE,
      prepare: async (front, folder) => {
        await oldCertificate(front, folder, 0.3);
        front.edit((directory) => ({ ...directory, renewalInfo: `${front.origin}/ari` }));
        front.on('/ari', (_, response) => response.end(said));
      },
    });
    await ordered(gateway);
  });
});

describe.skipIf(!hasPebble)('email', { timeout: 60_000 }, () => {
  // It went with the registration alone: who had left the company still got the mail.
  test('that changes is told to the directory with the next order', async () => {
    const { gateway, front, yaml } = await acmeStage({ keys: [...ONE, 'email: old@example.test'] });
    await ordered(gateway);
    const updates = () => front.asked.filter((one) => one.startsWith('POST /my-account/'));
    expect(updates()).toEqual([]);
    await gateway.editAndReload(yaml(`names: [${NAME}, b.example.test]`, 'email: new@example.test'));
    await ordered(gateway, 'b.example.test');
    expect(updates()).toHaveLength(1);
    // One that it does not like would else have let certificates expire.
    front.on('/my-account/', problem('invalidContact', 'no such domain', 400));
    await gateway.editAndReload(yaml(`names: [${NAME}, c.example.test]`, 'email: nobody@example.test'));
    await ordered(gateway, 'c.example.test');
    expect(gateway.log.text()).toContain('no such domain');
    expect(updates()).toHaveLength(2);
  });
});

describe.skipIf(!hasPebble)('profile', { timeout: 60_000 }, () => {
  const profiles = { shortlived: 'six days', tlsserver: 'ninety days' };

  test('is asked for where the directory has it', async () => {
    const { gateway, front } = await acmeStage({
      keys: [...ONE, 'profile: shortlived'],
      prepare: (front) => front.edit((directory) => ({ ...directory, meta: { profiles } })),
    });
    await ordered(gateway);
    const seen = front.payloads('/order-plz');
    expect(seen).toEqual([{ identifiers: [{ type: 'dns', value: NAME }], profile: 'shortlived' }]);
  });

  test('that the directory has not is an error that names those that it has', async () => {
    const { gateway } = await acmeStage({
      keys: [...ONE, 'profile: short'],
      prepare: (front) => front.edit((directory) => ({ ...directory, meta: { profiles } })),
    });
    const { error } = await failedOrder(gateway.adminPort);
    expect(error).toMatchObject({
      type: 'invalidProfile',
      detail: expect.stringContaining('shortlived, tlsserver'),
    });
  });
});

describe.skipIf(!hasPebble)('an authority that serves its customers alone', { timeout: 60_000 }, () => {
  const key = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';

  test('is shown what it gave them', async () => {
    const keys = [...ONE, `externalAccount: { keyId: kid-1, key: ${key} }`];
    const { gateway } = await acmeStage({ keys, externalAccount: { 'kid-1': key } });
    await ordered(gateway);
    const config = await fetch(`http://127.0.0.1:${gateway.adminPort}/config`);
    expect(await config.text()).not.toContain(key);
  });

  test('is not asked without it', async () => {
    const { gateway } = await acmeStage({ keys: ONE, externalAccount: { 'kid-1': key } });
    const { error } = await failedOrder(gateway.adminPort);
    expect(error).toMatchObject({ type: 'externalAccountRequired' });
  });
});
