import { describe, expect, test } from 'vitest';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { get, type RawClient, request } from '../testing/raw-client.ts';
import { ok, type ServiceConnection, startService } from '../testing/service.ts';

/** As many of each kind as stand in for an attack; the real thing is Debian's slowhttptest, see docs/overload.md. */
const count = 200;
/** Of those that don't read, fewer: the systems on the way take megabytes for each before anybody notices. */
const readers = 8;
/** How long a machine with other work may take for what these tests wait for; without, it is a second. */
const busyMs = 60_000;

async function stage(idle: string) {
  const cutOff: Promise<void>[] = [];
  const service = (await startService()).answer(({ target }, connection) => {
    if (target !== '/endless') return ok('probe');
    cutOff.push(sendOn(connection));
    return undefined;
  });
  const yaml = `log: { access: false }\ntimeouts: { idle: ${idle} }\nroutes:\n  /db: ${service.port}\n  /probe: ${service.port}\n`;
  const gateway = await startTestGateway(yaml);
  const probe = await gateway.connect();
  const answered = async () => expect((await probe.exchange(get('/probe/'), 10_000)).text).toBe('probe');
  await answered();
  return { gateway, answered, connections: () => gatewaySockets().length, cutOff };
}

/** An answer of which there is always more than the systems on the way can take. Resolves when nobody takes it any more. */
async function sendOn(connection: ServiceConnection): Promise<void> {
  const piece = Buffer.alloc(64 * 1024);
  await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 40}\r\n\r\n`);
  while (connection.ended === null) await connection.send(piece);
}

/** Opens the attack; each of its clients begins with these bytes. */
async function attack(
  connect: () => Promise<RawClient>,
  bytes: string,
  length = count,
): Promise<readonly RawClient[]> {
  const clients = await Promise.all(Array.from({ length }, connect));
  await Promise.all(clients.map((client) => client.send(bytes)));
  return clients;
}

describe('hundreds of slow clients at once', () => {
  test('with heads that never end: another client is answered, and what they held is free when they leave', async () => {
    const { gateway, answered, connections } = await stage('1s');
    const before = connections();
    const clients = await attack(() => gateway.connect(), 'GET /db/ HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    for (let round = 0; round < 3; round++) {
      await answered();
      await Promise.all(clients.map((client) => client.send('x')));
    }
    for (const client of clients) client.reset();
    await until('their connections are gone', () => connections() <= before);
    await answered();
  });

  test('with bodies that stop: each is answered 408 and closed, and no service waits for it any more', async () => {
    const { gateway, answered, connections } = await stage('400ms');
    const before = connections();
    const clients = await attack(
      () => gateway.connect(),
      request('PUT', '/db/', ['Content-Length: 4096'], 'x'),
    );
    await answered();
    for (const client of clients) {
      expect((await client.answer('PUT', 10_000)).status).toBe(408);
      await client.ending();
    }
    await until('their connections are gone, on both sides', () => connections() <= before);
    await answered();
  });

  test('that do not read: each is cut off, and no service waits for it any more', {
    timeout: 2 * busyMs,
  }, async () => {
    const { gateway, answered, connections, cutOff } = await stage('400ms');
    const before = connections();
    const clients = await attack(() => gateway.connect(), get('/db/endless'), readers);
    await answered();
    await until('each has its answer', () => cutOff.length === readers, busyMs);
    await Promise.all(cutOff);
    await until('they have been cut off, on both sides', () => connections() <= before, busyMs);
    await answered();
    for (const client of clients) client.destroy();
  });

  test('that ask for the same bytes a hundred times in one Range: it is the service that decides', async () => {
    const { gateway, answered } = await stage('1s');
    const ranges = Array.from({ length: 100 }, (_, at) => `5-${at + 5}`).join(',');
    const clients = await attack(() => gateway.connect(), get('/db/', `Range: bytes=0-,${ranges}`));
    for (const client of clients) expect((await client.answer('GET', 10_000)).status).toBe(200);
    await answered();
  });
});
