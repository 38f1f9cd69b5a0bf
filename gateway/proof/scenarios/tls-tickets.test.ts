import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { duplexPair } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority, issueCertificate } from '../../tls/authority.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { connectSecurely, shownCertificate } from '../testing/secure-client.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';

const shop = selfSigned('shop.test');
const authority = createAuthority('Test CA', 1);
const alice = issueCertificate(authority, { names: ['alice.test'], days: 1, client: true });
const other = createAuthority('Other CA', 1);

const FILES = {
  'shop.crt': shop.cert,
  'shop.key': shop.key,
  'ca.crt': authority.cert,
  'other.crt': other.cert,
};

function yamlOf(routes: string, clients = ''): string {
  return `tls: { certificates: { cert: shop.crt, key: shop.key }${clients && `, clientCertificates: ${clients}`} }\n${routes}`;
}

/** @returns the session that a client of this kind may resume. */
async function sessionOf(port: number, options: ConnectionOptions): Promise<Buffer> {
  const client = await connectSecurely(port, options);
  await client.exchange(get('/db'));
  const session = client.socket.getSession()!;
  client.destroy();
  return session;
}

/** @returns whether a session was resumed, and what became of a request on it; `null`: the connection was refused. */
async function resume(port: number, options: ConnectionOptions): Promise<[boolean, number] | null> {
  try {
    const client = await connectSecurely(port, options);
    const { status } = await client.exchange(get('/db'));
    const reused = client.socket.isSessionReused();
    client.destroy();
    return [reused, status];
  } catch {
    return null;
  }
}

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

describe.each(VERSIONS)('a session of %s', (maxVersion) => {
  async function start(clients = '') {
    const service = (await startService()).answer(ok());
    const routes = `routes: { /db: ${service.port} }\n`;
    return { service, routes, gateway: await startTestGateway(yamlOf(routes, clients), { files: FILES }) };
  }

  test('is resumed, also behind a reload and under another certificate', async () => {
    const { gateway, routes } = await start();
    const session = await sessionOf(gateway.port, { maxVersion });
    expect(await resume(gateway.port, { maxVersion, session })).toEqual([true, 200]);
    await gateway.editAndReload(yamlOf(`${routes.replace('}', ', /more: 1 }')}`));
    expect(await resume(gateway.port, { maxVersion, session })).toEqual([true, 200]);
    const next = selfSigned('next.test');
    const folder = dirname(gateway.configFile);
    await writeFile(join(folder, 'shop.key'), next.key);
    await writeFile(join(folder, 'shop.crt'), next.cert);
    const holds = async () => (await shownCertificate(gateway.port, 'next.test')) === 'next.test';
    await until('the next certificate is shown', holds);
    expect(await resume(gateway.port, { maxVersion, session })).toEqual([true, 200]);
  });

  test.each(['shop.test', 'unknown.test'])('keeps the certificate of its client (%s)', async (servername) => {
    const { gateway, service } = await start('{ ca: ca.crt, mode: require }');
    const options = { maxVersion, servername, ...alice };
    const session = await sessionOf(gateway.port, options);
    expect(await resume(gateway.port, { ...options, session })).toEqual([true, 200]);
    const told = service.requests.map(({ head }) => head.values('x-forwarded-client-cert'));
    expect(told[1]).toEqual(told[0]);
    expect(told[0]).toHaveLength(1);
  });

  // Of TLS 1.3 Node takes a resumed session without a certificate for one that needs none.
  test.each([
    ['were not asked for', '', {}],
    ['were optional', '{ ca: ca.crt, mode: request }', {}],
    ['were of another authority', '{ ca: ca.crt, mode: require }', alice],
  ])('is no way round certificates that %s', async (_what, before, shown) => {
    const { gateway, routes } = await start(before);
    const options = { maxVersion, ...shown };
    const session = await sessionOf(gateway.port, options);
    await gateway.editAndReload(yamlOf(routes, '{ ca: other.crt, mode: require }'));
    expect(await resume(gateway.port, { ...options, session })).toBeNull();
  });
});

test.each(['http/1.1', 'h2'])('nor is a connection of %s that stands', async (protocol) => {
  const routes = 'routes: { /db: 1 }\n';
  const gateway = await startTestGateway(yamlOf(routes, '{ ca: ca.crt, mode: require }'), { files: FILES });
  const client = await connectSecurely(gateway.port, { ...alice, ALPNProtocols: [protocol] });
  if (protocol === 'h2') await client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
  else await client.exchange(get('/nothing'));
  await gateway.editAndReload(yamlOf(routes, '{ ca: other.crt, mode: require }'));
  await client.rest();
});

test.each(VERSIONS)('nor is a handshake of %s that began before', async (maxVersion) => {
  const gateway = await startTestGateway(yamlOf('routes: { /db: 1 }\n'), { files: FILES });
  const wire = await gateway.connect();
  const [near, far] = duplexPair();
  const held: Buffer[] = [];
  far.on('data', (bytes) => held.push(bytes));
  wire.socket.on('data', (bytes) => far.write(bytes));
  const client = connect({ socket: near, rejectUnauthorized: false, maxVersion }).on('error', () => {});
  let answer = '';
  client.on('data', (bytes) => {
    answer += bytes;
  });
  await until('the client greets', () => held.length > 0);
  await wire.send(Buffer.concat(held.splice(0)));
  await until('the client has what it needs to end the handshake', () => held.length > 0);
  await gateway.editAndReload(yamlOf('routes: { /db: 1 }\n', '{ ca: ca.crt, mode: require }'));
  far.on('data', (bytes) => wire.socket.write(bytes));
  await wire.send(Buffer.concat(held));
  client.write(get('/nothing'));
  await until('an answer, or the end', () => answer !== '' || wire.socket.destroyed);
  expect(answer).toBe('');
  client.destroy();
});

test.each(VERSIONS)('a session of %s is resumed by another worker', async (maxVersion) => {
  const service = (await startService()).answer(ok());
  const gateway = await startGatewayProcess(yamlOf(`workers: 2\nroutes: { /db: ${service.port} }\n`), {
    files: FILES,
  });
  await gateway.readyWorkers(2);
  const session = await sessionOf(gateway.port, { maxVersion });
  const resumed = [];
  for (let i = 0; i < 20; i++) resumed.push(await resume(gateway.port, { maxVersion, session }));
  expect(resumed).toEqual(Array(20).fill([true, 200]));
});
