import { describe, expect, test } from 'vitest';
import { METRICS } from '../../observe/metrics/catalog.ts';
import { startNameServer } from '../testing/dns-server.ts';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import type { MetricsText } from '../testing/metrics-text.ts';
import { scrape } from '../testing/metrics-text.ts';
import { until } from '../testing/poll.ts';
import { connect, get, request } from '../testing/raw-client.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';

const REQUESTS = 'http_server_request_duration_seconds_count';
const ATTEMPTS = 'http_client_request_duration_seconds_count';

/** An exchange is counted when it is over, which may be a moment after its client has read the answer. */
async function scrapeWhen(
  gateway: TestGateway,
  holds: (metrics: MetricsText) => boolean,
): Promise<MetricsText> {
  let metrics = await scrape(gateway.adminPort);
  await until('the metrics say so', async () => {
    metrics = await scrape(gateway.adminPort);
    return holds(metrics);
  });
  return metrics;
}

const total = (metrics: MetricsText) => metrics.sum(REQUESTS);

describe('after known traffic', () => {
  test.each(['wire', 'general'])('the %s lane has counted every exchange once', async (lane) => {
    const db = (await startService()).answer(({ target }) =>
      target === '/missing' ? reply(404, [], 'no') : ok('found'),
    );
    const yaml = `admin: 3900\nroutes: { /db: { to: ${db.port}, lane: ${lane} } }\n`;
    const gateway = await startTestGateway(yaml);
    for (const path of ['a', 'b?x=1', 'missing']) await gateway.get(`/db/${path}`);
    await gateway.exchange(request('POST', '/db/c', [], 'four'));
    await gateway.exchange(request('PROPFIND', '/db/d'));
    const metrics = await scrapeWhen(gateway, (all) => total(all) === 5);

    const counted = metrics.samples(REQUESTS).map(({ labels, value }) => [labels, value]);
    const route = { http_route: '/db', lane };
    expect(counted).toEqual([
      [{ ...route, http_request_method: 'GET', http_response_status_code: '200' }, 2],
      [{ ...route, http_request_method: 'GET', http_response_status_code: '404' }, 1],
      [{ ...route, http_request_method: 'POST', http_response_status_code: '200' }, 1],
      [{ ...route, http_request_method: '_OTHER', http_response_status_code: '200' }, 1],
    ]);
    const endpoint = `localhost:${db.port}`;
    expect(metrics.sum(ATTEMPTS, { ...route, endpoint, http_response_status_code: '200' })).toBe(4);
    expect(metrics.sum(ATTEMPTS, { ...route, endpoint, http_response_status_code: '404' })).toBe(1);
    expect(metrics.sum('http_server_request_body_bytes_total', { http_route: '/db' })).toBe(4);
    expect(metrics.sum('http_server_response_body_bytes_total', { http_route: '/db' })).toBe(4 * 5 + 2);
    expect(metrics.sum('http_server_active_requests')).toBe(0);
    expect(metrics.sum('http_client_open_connections', { endpoint, state: 'idle' })).toBeGreaterThan(0);
    expect(metrics.sum('portway_endpoint_available', { http_route: '/db', endpoint })).toBe(1);
  });

  test('what no route takes has no series of its own, whatever it asks for', async () => {
    const gateway = await startTestGateway('admin: 3900\nroutes: { /db: 9 }\n');
    await gateway.get('/nowhere/0');
    const lines = (all: MetricsText) => [...all.families.values()].flatMap(({ samples }) => samples).length;
    const before = lines(await scrapeWhen(gateway, (all) => total(all) === 1));
    for (let at = 1; at < 20; at++)
      await gateway.exchange(request('GET', `/nowhere/${at}`, [`Host: host-${at}.test`]));
    const metrics = await scrapeWhen(gateway, (all) => total(all) === 20);
    expect(lines(metrics)).toBe(before);
    expect(metrics.samples(REQUESTS).map(({ labels }) => labels)).toEqual([
      {
        http_route: '(none)',
        http_request_method: 'GET',
        http_response_status_code: '404',
        error_type: 'no_route',
        lane: 'wire',
      },
    ]);
  });

  test('a method that nobody knows, bytes that are no request, and the page are told apart from routes', async () => {
    const gateway = await startTestGateway('admin: 3900\npage: true\nroutes: { /db: 9 }\n');
    await gateway.get('/');
    await gateway.exchange('BREW /db HTTP/1.1\r\nHost: a\r\n\r\n');
    await gateway.exchange('BREW\r\n\r\n');
    const metrics = await scrapeWhen(gateway, (all) => total(all) === 3);
    expect(metrics.sum(REQUESTS, { http_route: '/db', http_request_method: '_OTHER' })).toBe(1);
    expect(metrics.sum(REQUESTS, { http_route: '(page)', http_response_status_code: '200' })).toBe(1);
    const refused = { http_route: '(none)', http_request_method: '_OTHER', error_type: 'bad_request' };
    expect(metrics.sum(REQUESTS, refused)).toBe(1);
  });

  test('retries, ejections and errors stand at the endpoint that they are about', async () => {
    const down = await freePort();
    const up = (await startService()).answer(ok());
    const yaml = `admin: 3900\nroutes: { /db: { to: [${down}, ${up.port}], ejection: { failures: 1 } } }\n`;
    const gateway = await startTestGateway(yaml);
    for (let at = 0; at < 4; at++) expect((await gateway.get('/db')).status).toBe(200);
    const metrics = await scrapeWhen(gateway, (all) => total(all) === 4);
    const at = (port: number) => ({ http_route: '/db', endpoint: `localhost:${port}` });
    expect(metrics.sum(ATTEMPTS, { ...at(down), error_type: 'connection_refused' })).toBe(1);
    expect(metrics.sum(ATTEMPTS, at(up.port))).toBe(4);
    expect(metrics.sum('portway_retries_total', at(up.port))).toBe(1);
    expect(metrics.sum('portway_ejections_total', at(down))).toBe(1);
    expect(metrics.sum('portway_endpoint_available', at(down))).toBe(0);
    expect(metrics.sum('portway_endpoint_addresses', at(down))).toBe(1);
  });
});

describe('what is going on', () => {
  test('requests, connections, waiting ones and tunnels are there while they last', async () => {
    const db = await startService();
    const yaml = `admin: 3900\nroutes:\n  /db: { to: ${db.port}, limits: { connections: 1 } }\n  /live: ${db.port}\n`;
    const gateway = await startTestGateway(yaml);
    const clients = [await gateway.connect(), await gateway.connect()];
    for (const client of clients) await client.send(get('/db'));
    const service = await db.connection();
    await service.head();
    let metrics = await scrapeWhen(gateway, (all) => all.sum('portway_queue_waiting') === 1);
    expect(metrics.sum('http_server_active_requests', { http_route: '/db' })).toBe(2);
    expect(metrics.sum('http_server_open_connections')).toBe(2);
    expect(metrics.sum('http_client_open_connections', { state: 'busy' })).toBe(1);
    await service.send(ok());
    await service.head();
    await service.send(ok());
    for (const client of clients) await client.answer();

    const browser = await gateway.connect();
    const far = await openTunnel(browser, db, '/live');
    metrics = await scrape(gateway.adminPort);
    expect(metrics.sum('portway_tunnels_open', { http_route: '/live' })).toBe(1);
    expect(metrics.sum('http_server_active_requests')).toBe(0);
    expect(metrics.sum(REQUESTS, { http_route: '/live', http_response_status_code: '101' })).toBe(1);
    await far.send('hello');
    await browser.take('hello', ({ length }) => (length >= 5 ? 5 : null));
    browser.destroy();
    metrics = await scrapeWhen(gateway, (all) => all.sum('portway_tunnels_open') === 0);
    expect(metrics.sum('portway_tunnel_bytes_total', { direction: 'transmit' })).toBe(5);
    expect(metrics.sum(REQUESTS, { http_route: '/live' })).toBe(1);
  });

  test('caches, breakers, streams, reloads and the process are there', async () => {
    const pictures = (await startService()).answer(reply(200, ['Cache-Control: max-age=60'], 'a picture'));
    const broken = (await startService()).answer(reply(503, [], 'no'));
    const port = await freePort();
    const yaml = `admin: 3900
routes:
  /images: { to: ${pictures.port}, cache: true }
  /broken: { to: ${broken.port}, breaker: { requests: 2 } }
streams: { tcp: { ${port}: ${pictures.port} } }
`;
    const gateway = await startTestGateway(yaml);
    const startedAt = Date.now() / 1000;
    for (let at = 0; at < 3; at++) await gateway.get('/images/a.png');
    for (let at = 0; at < 3; at++) await gateway.get('/broken');
    const stream = await connect(port);
    await stream.exchange(get('/x'));
    await gateway.editAndReload(`${yaml}nonsense: 1\n`);
    await gateway.editAndReload(`${yaml}  # changed\nmaxConnections: 77\n`);
    let metrics = await scrapeWhen(gateway, (all) => total(all) === 6);
    expect(metrics.sum('portway_cache_requests_total', { http_route: '/images', result: 'hit' })).toBe(2);
    expect(metrics.sum('portway_cache_requests_total', { http_route: '/images', result: 'miss' })).toBe(1);
    expect(metrics.sum('portway_cache_entries')).toBe(1);
    expect(metrics.sum('portway_cache_bytes')).toBeGreaterThan(8);
    expect(metrics.sum('portway_breaker_state', { http_route: '/broken' })).toBe(2);
    expect(metrics.sum(REQUESTS, { http_route: '/broken', error_type: 'breaker_open' })).toBe(1);
    expect(metrics.sum('portway_stream_connections', { http_route: `tcp ${port}` })).toBe(1);
    expect(metrics.sum('portway_config_reloads_total', { result: 'accepted' })).toBe(1);
    expect(metrics.sum('portway_config_reloads_total', { result: 'refused' })).toBe(1);
    expect(metrics.sum('portway_config_rejected')).toBe(0);
    expect(metrics.sum('portway_config_last_reload_timestamp_seconds')).toBeGreaterThan(startedAt);
    expect(metrics.sum('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(metrics.sum('process_start_time_seconds')).toBeLessThan(startedAt);
    stream.destroy();
    const ended = 'portway_stream_connections_total';
    metrics = await scrapeWhen(gateway, (all) => all.sum(ended, { http_route: `tcp ${port}` }) === 1);
    expect(metrics.sum('portway_stream_bytes_total', { direction: 'transmit' })).toBeGreaterThan(20);
  });

  test('every metric of the catalogue is told from the start, with its type', async () => {
    const gateway = await startTestGateway('admin: 3900\nroutes: {}\n');
    const { families } = await scrape(gateway.adminPort);
    const told = Array.from(families, ([name, { type }]) => [name, type]);
    expect(told).toEqual(Object.entries(METRICS).map(([name, { type }]) => [name, type]));
  });
});

describe('a name', () => {
  test('is one endpoint, whatever addresses it leads to', async () => {
    const two = (await startService({ listen: { host: '127.0.0.2', port: 0 } })).answer(ok());
    const three = (await startService({ listen: { host: '127.0.0.3', port: two.port } })).answer(ok());
    const server = (await startNameServer()).set('shop.test', ['127.0.0.2', '127.0.0.3'], 60);
    const yaml = `admin: 3900\nresolver: ${server.address}\nroutes: { /shop: http://shop.test:${two.port} }\n`;
    const gateway = await startTestGateway(yaml);
    for (let at = 0; at < 4; at++) await gateway.get('/shop');
    const metrics = await scrapeWhen(gateway, (all) => total(all) === 4);
    expect([two.requests.length, three.requests.length]).toEqual([2, 2]);
    const seen = metrics.samples(ATTEMPTS).map(({ labels, value }) => [labels.endpoint, value]);
    expect(seen).toEqual([[`shop.test:${two.port}`, 4]]);
    const endpoint = { http_route: '/shop', endpoint: `shop.test:${two.port}` };
    expect(metrics.sum('portway_endpoint_addresses', endpoint)).toBe(2);
    expect(metrics.sum('portway_endpoint_available', endpoint)).toBe(2);
  });
});

describe('a raw stream', () => {
  test('counts whom it refused', async () => {
    const echo = await startService();
    const port = await freePort();
    const yaml = `admin: 3900\nroutes: {}\nstreams: { tcp: { ${port}: { to: ${echo.port}, maxConnections: 1 } } }\n`;
    const gateway = await startTestGateway(yaml);
    const first = await connect(port);
    await first.send('hello');
    await echo.connectionThatSays('hello');
    // It may be reset before we see that it was accepted.
    await connect(port).catch(() => null);
    const metrics = await scrapeWhen(gateway, (all) => all.sum('portway_stream_refused_total') === 1);
    expect(metrics.sum('portway_stream_connections', { http_route: `tcp ${port}` })).toBe(1);
    const refused = { http_route: `tcp ${port}`, error_type: 'too_many_connections' };
    expect(metrics.sum('portway_stream_connections_total', refused)).toBe(1);
    expect(metrics.samples(REQUESTS)).toEqual([]);
  });
});

describe('over a reload', () => {
  test('a route goes on with its counts, and one that is gone is told for a while', async () => {
    const db = (await startService()).answer(ok());
    const gateway = await startTestGateway(`admin: 3900\nroutes: { /db: ${db.port}, /old: ${db.port} }\n`);
    await gateway.get('/db');
    await gateway.get('/old');
    await gateway.editAndReload(`admin: 3900\nroutes: { /db: { to: ${db.port}, strip: true } }\n`);
    await gateway.get('/db');
    const metrics = await scrapeWhen(gateway, (all) => total(all) === 3);
    expect(metrics.sum(REQUESTS, { http_route: '/db' })).toBe(2);
    expect(metrics.sum(REQUESTS, { http_route: '/old' })).toBe(1);
    const seen = metrics.samples('portway_endpoint_available').map(({ labels }) => labels.http_route);
    expect(seen).toEqual(['/db']);
  });
});
