import { expect, onTestFinished, test } from 'vitest';
import { acmeYaml, certificateStatus, issuerShown, NAME } from '../testing/acme-stage.ts';
import { DirectoryFront } from '../testing/directory-front.ts';
import { freePort } from '../testing/free-port.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { hasPebble, Pebble } from '../testing/pebble.ts';
import { until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { temporaryFolder } from '../testing/program.ts';
import { allMeet, missingRedis, TestRedis } from '../testing/redis.ts';

test.skipIf(!hasPebble || missingRedis !== '')(
  'one replica orders, another one answers for it, all show the certificate, and one that comes later orders none',
  { timeout: 120_000 },
  async () => {
    const processes = new Processes();
    onTestFinished(() => processes.killAll());
    const redis = await TestRedis.start(processes);
    const behind = Promise.withResolvers<number>();
    const front = await DirectoryFront.start(behind.promise);
    const service = await freePort();
    /** Its folder is its own: all that they share is the Redis. */
    const replica = async (head = '') => {
      const named = { front, folder: await temporaryFolder(), service };
      const keys = [`names: ${NAME}`, 'challenge: http-01'];
      return startGatewayProcess(`${head}shared: ${redis.url}\n${acmeYaml(named, keys)}`);
    };
    const first = await replica();
    await first.log.find('order', ({ msg }) => msg === 'orders a certificate');
    const second = await replica('workers: 2\n');
    await allMeet([first.adminPort, second.adminPort]);
    // The authority comes to the other one.
    const nowhere = await freePort();
    behind.resolve((await Pebble.start({ httpPort: second.port, tlsPort: nowhere })).port);
    const shown = (port: number) =>
      until('it is shown', async () => (await issuerShown(port)).includes('Pebble'), 60_000);
    await shown(first.port);
    await shown(second.port);
    const third = await replica();
    await shown(third.port);
    expect(front.payloads('/order-plz')).toHaveLength(1);
    expect(await certificateStatus(third.adminPort)).toMatchObject({ state: 'valid', failures: 0 });
  },
);
