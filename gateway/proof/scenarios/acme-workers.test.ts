import { expect, test } from 'vitest';
import { acmeYaml, certificateStatus, issuerShown, NAME } from '../testing/acme-stage.ts';
import { ALL_PAIRS } from '../testing/all-pairs.ts';
import { DirectoryFront } from '../testing/directory-front.ts';
import { freePort } from '../testing/free-port.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { scrape } from '../testing/metrics-text.ts';
import { hasPebble, Pebble } from '../testing/pebble.ts';
import { until } from '../testing/poll.ts';
import { temporaryFolder } from '../testing/program.ts';
import { ok, startService } from '../testing/service.ts';

test.skipIf(!hasPebble).each(ALL_PAIRS ? (['http-01', 'tls-alpn-01'] as const) : (['http-01'] as const))(
  'with workers one process orders, and each answers %s and shows the certificate',
  { timeout: 90_000 },
  async (challenge) => {
    const behind = Promise.withResolvers<number>();
    const front = await DirectoryFront.start(behind.promise);
    const service = (await startService()).answer(ok());
    const named = { front, folder: await temporaryFolder(), service: service.port };
    const yaml = acmeYaml(named, [`names: ${NAME}`, `challenge: ${challenge}`]);
    const gateway = await startGatewayProcess(`workers: 2\n${yaml}`);
    await gateway.readyWorkers(2);
    const nowhere = await freePort();
    const [httpPort, tlsPort] = challenge === 'http-01' ? [gateway.port, nowhere] : [nowhere, gateway.port];
    behind.resolve((await Pebble.start({ httpPort, tlsPort })).port);
    // A connection goes to either of them: twelve in a row are of both.
    await until(
      'both show it',
      async () => {
        const shown = await Promise.all(Array.from({ length: 12 }, () => issuerShown(gateway.port)));
        return shown.every((issuer) => issuer.includes('Pebble'));
      },
      60_000,
    );
    const seen = await certificateStatus(gateway.adminPort);
    expect(seen).toMatchObject({ name: NAME, state: 'valid', failures: 0 });
    const metrics = await scrape(gateway.adminPort);
    expect(metrics.sum('portway_acme_orders_total', { result: 'issued' })).toBe(1);
    expect(front.payloads('/order-plz')).toHaveLength(1);
  },
);
