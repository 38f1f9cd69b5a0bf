import { expect, test } from 'vitest';
import { openDatagrams } from '../testing/datagram.ts';
import { freeDatagramPort, freePort } from '../testing/free-port.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { connect, get, request } from '../testing/raw-client.ts';
import { ok, reply, startService } from '../testing/service.ts';

test('the admin listener of the primary answers for all workers', async () => {
  const images = (await startService()).answer(
    reply(200, ['Cache-Control: max-age=60', 'Cache-Tag: pictures'], 'a picture'),
  );
  const echo = await startService();
  const port = await freePort();
  // More than are told at once.
  const more = Array.from({ length: 120 }, (_, at) => `, /more/${at}: ${images.port}`).join('');
  const yaml = `workers: 2\nroutes: { /images: { to: ${images.port}, cache: true }${more} }\nstreams: { tcp: { ${port}: ${echo.port} } }\n`;
  const gateway = await startGatewayProcess(yaml);
  await gateway.readyWorkers(2);
  const admin = async (target: string) => (await gateway.admin('GET', target)).body;

  const streams = [await connect(port), await connect(port), await connect(port)];
  for (const stream of streams) await stream.send('hello');
  for (const _ of streams) await echo.connectionThatSays('hello');
  expect(await admin('/streams')).toMatchObject([
    { id: `tcp ${port}`, problem: null, connections: 3, endpoints: [{ state: 'up' }] },
  ]);
  const open = (await gateway.workers()).map(({ connections }) => connections ?? 0);
  expect(open.toSorted()).toEqual([1, 2]);
  const browser = await gateway.connect();
  expect((await browser.exchange(get('/none'))).status).toBe(404);
  const seen = await admin('/connections');
  expect(seen).toEqual({ http: 1, http2: 0, streams: 3, httpMax: 10_000, handshakeFailures: 0 });
  browser.destroy();

  const picture = async () => {
    const client = await gateway.connect();
    const answer = await client.exchange(get('/images/a.png'));
    client.destroy();
    return answer.text;
  };
  // Each worker asks the service once, and has a cache of its own.
  for (let at = 0; at < 6; at++) expect(await picture()).toBe('a picture');
  expect(images.requests).toHaveLength(2);
  expect(await admin('/cache')).toMatchObject([{ route: '/images', entries: 2, hits: 4, misses: 2 }]);
  const got = await gateway.admin('DELETE', '/cache?prefix=/images');
  expect(got).toMatchObject({ status: 200, body: { purged: 2 } });
  expect(await admin('/cache')).toMatchObject([{ entries: 0 }]);
  for (let at = 0; at < 4; at++) await picture();
  expect(images.requests).toHaveLength(4);
  expect((await gateway.admin('DELETE', '/cache?group=pictures')).body).toMatchObject({ purged: 2 });
  expect(await admin('/cache')).toMatchObject([{ entries: 0 }]);
  for (let at = 0; at < 4; at++) await picture();
  expect(await admin('/cache')).toMatchObject([{ entries: 2 }]);
  const editor = await gateway.connect();
  expect((await editor.exchange(request('DELETE', '/images/a.png'))).status).toBe(200);
  editor.destroy();
  await until('no worker gives what was changed', async () =>
    JSON.stringify(await admin('/cache')).includes('"entries":0'),
  );

  const routes = (await admin('/routes')) as { id: string }[];
  expect(routes[0]).toMatchObject({ id: '/images', endpoints: [{ state: 'up' }] });
  expect(new Set(routes.map(({ id }) => id)).size).toBe(121);
  const facts = await admin('/config');
  expect(facts).toMatchObject({ rejected: null, config: { workers: 2, maxConnections: 10_000 } });
  expect(await admin('/explain?url=/images/x')).toMatchObject({ chosen: { id: '/images' } });
  expect(await admin('/healthz')).toEqual({ status: 'alive' });
});

test('each client over UDP has one session with one worker; when that one goes another carries on', {
  timeout: 60_000,
}, async () => {
  const service = (await openDatagrams()).answer((text) => text.toUpperCase());
  const db = (await startService()).answer(ok('fine'));
  const port = await freeDatagramPort();
  const yaml = `workers: 2\nroutes: { /db: ${db.port} }\nstreams: { udp: { ${port}: ${service.port} } }\n`;
  const gateway = await startGatewayProcess(yaml);
  const [first] = (await gateway.readyWorkers(2)) as [number];
  const clients = await Promise.all([1, 2, 3, 4, 5, 6].map(() => openDatagrams()));
  const speak = async (word: string) => {
    for (const client of clients) {
      await client.send(word, port);
      expect((await client.next()).text).toBe(word.toUpperCase());
    }
  };
  for (const word of ['one', 'two', 'three']) await speak(word);
  expect(new Set(service.received.map(({ from }) => from.port)).size).toBe(clients.length);
  expect((await gateway.admin('GET', '/streams')).body).toMatchObject([{ connections: clients.length }]);

  /** Datagrams that come in the moment of the change may be lost, as any may; who asks again is answered. */
  const insist = async (word: string) => {
    for (const client of clients) {
      await until(`${word} is answered`, async () => {
        await client.send(word, port);
        return client.received.at(-1)?.text === word.toUpperCase();
      });
    }
  };
  process.kill(first, 'SIGKILL');
  await insist('four');
  expect((await gateway.admin('POST', '/workers/replace')).status).toBe(200);
  await insist('five');
  expect((await gateway.admin('GET', '/streams')).body).toMatchObject([{ problem: null, endpoints: [{}] }]);
});
