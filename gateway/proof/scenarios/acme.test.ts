import { X509Certificate } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePorts } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { hasPebble, Pebble } from '../testing/pebble.ts';
import { until } from '../testing/poll.ts';
import { temporaryFolder } from '../testing/program.ts';
import { get } from '../testing/raw-client.ts';
import { connectSecurely } from '../testing/secure-client.ts';
import { ok, startService } from '../testing/service.ts';

const NAME = 'shop.example.test';

describe.skipIf(!hasPebble)('tls.acme, at Let’s Encrypt’s test directory,', { timeout: 60_000 }, () => {
  test('has a certificate ordered and shows it, without a restart', async () => {
    const { gateway, folder } = await startOrdering(`names: ${NAME}`);
    expect(await issuerShown(gateway.port)).toContain('Portway: no certificate yet');
    await until('the certificate is shown', async () => (await issuerShown(gateway.port)).includes('Pebble'));
    const client = await connectSecurely(gateway.port, { servername: NAME });
    expect((await client.exchange(get('/', `Host: ${NAME}`))).status).toBe(200);
    const below = join(folder, (await readdir(folder))[0]!);
    for (const file of await readdir(below)) expect((await stat(join(below, file))).mode & 0o777).toBe(0o600);
    expect((await stat(below)).mode & 0o777).toBe(0o700);
    expect((await readdir(below)).sort()).toEqual(['account.json', `${NAME}.order.json`, `${NAME}.pem`]);
  });

  test('answers only challenges that are outstanding', async () => {
    const { gateway, service } = await startOrdering(`names: ${NAME}`);
    await until('the certificate is shown', async () => (await issuerShown(gateway.port)).includes('Pebble'));
    await gateway.get('/.well-known/acme-challenge/abc', `Host: ${NAME}`);
    expect(service.requests.map(({ head }) => head.target)).toEqual(['/.well-known/acme-challenge/abc']);
  });
});

test.skipIf(!hasPebble)(
  'a name is proven before the host is asked for, and before the redirect',
  { timeout: 60_000 },
  async () => {
    const { gateway, service } = await startOrdering('names: other.example.test');
    const shown = () => issuerShown(gateway.port, 'other.example.test');
    await until('the certificate is shown', async () => (await shown()).includes('Pebble'));
    expect((await gateway.get('/', 'Host: other.example.test')).status).toBe(421);
    expect(service.requests).toEqual([]);
  },
);

test.skipIf(!hasPebble)(
  'a name is proven by a handshake, while others go on',
  { timeout: 60_000 },
  async () => {
    const { gateway } = await startOrdering(`names: ${NAME}`, 'challenge: tls-alpn-01');
    let shown = '';
    await until('the certificate is shown', async () => {
      shown = await issuerShown(gateway.port);
      return shown.includes('Pebble');
    });
    expect(gateway.log.text()).not.toContain('http-01');
  },
);

async function startOrdering(...more: string[]) {
  const [port, closed] = (await freePorts(2)) as [number, number];
  const byHandshake = more.some((key) => key.includes('tls-alpn-01'));
  const [httpPort, tlsPort] = byHandshake ? [closed, port] : [port, closed];
  const pebble = await Pebble.start({ httpPort, tlsPort });
  const service = (await startService()).answer(ok());
  const folder = await temporaryFolder();
  const keys = [`directory: "${pebble.directory}"`, `ca: ${pebble.ca}`, `folder: ${folder}`, ...more];
  const yaml = `tls: { acme: { ${keys.join(', ')} }, redirect: true }\nallowedHosts: [elsewhere.test]\nroutes: { ${NAME}/: ${service.port} }\n`;
  const gateway = await startTestGateway(yaml, { port });
  return { gateway, pebble, service, folder };
}

async function issuerShown(port: number, servername = NAME): Promise<string> {
  const client = await connectSecurely(port, { servername });
  const { raw } = client.socket.getPeerCertificate();
  client.destroy();
  return new X509Certificate(raw).issuer ?? '';
}
