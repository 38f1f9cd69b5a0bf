import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const VITE = 'Host: vite.localhost:3000';

describe.each(routeKinds)('by its name, $kind', ({ routes, files }) => {
  async function stage(more = '', ...keys: string[]) {
    const service = (await startService()).answer((request) =>
      ok(request.target, 'Location: /next', 'Set-Cookie: a=1; Path=/x', 'Content-Type: text/html'),
    );
    const yaml = `${routes('/vite', service.port, ...keys)}${more.replaceAll('PORT', String(service.port))}`;
    return { service, gateway: await startTestGateway(yaml, { files, mode: 'development' }) };
  }

  test.each([
    ['/', '/'],
    ['/assets/x.js?v=1', '/assets/x.js?v=1'],
    ['/vite/x', '/vite/x'],
    ['//x%2Fy', '//x%2Fy'],
  ])('is asked for %s, whole', async (sent, received) => {
    const { service, gateway } = await stage();
    const answer = await gateway.get(sent, VITE);
    expect(answer.status).toBe(200);
    expect(service.request.target).toBe(received);
    expect(service.request.head.has('x-forwarded-prefix')).toBe(false);
    expect(answer.head.value('location')).toBe('/next');
    expect(answer.head.value('set-cookie')).toBe('a=1; Path=/x');
  });

  const own = ['Origin: http://vite.localhost:3000', 'Referer: http://vite.localhost:3000/a'];

  test('is asked by that name, so that what it says of itself leads back', async () => {
    const { service, gateway } = await stage();
    await gateway.get('/', VITE, ...own);
    const { head } = service.request;
    expect(head.value('host')).toBe('vite.localhost:3000');
    expect(head.value('origin')).toBe('http://vite.localhost:3000');
    expect(head.value('x-forwarded-host')).toBe('vite.localhost:3000');
  });

  /** A service that refuses the hosts that a test says. */
  async function refusing(status: number, refuses: (host: string) => boolean) {
    const { service, gateway } = await stage();
    service.answer(({ head }) =>
      refuses(head.value('host')!)
        ? Buffer.from(`HTTP/1.1 ${status} No\r\nContent-Length: 4\r\n\r\nhost`)
        : ok('x'),
    );
    return { service, gateway };
  }

  test.each([400, 403, 421])(
    'is asked as it knows itself, where it refuses the name with %i',
    async (status) => {
      const { service, gateway } = await refusing(status, (host) => host.startsWith('vite'));
      const first = await gateway.get('/a?b', VITE);
      expect([first.status, first.text]).toEqual([307, 'host']);
      expect(first.head.value('location')).toBe('http://vite.localhost:3000/a?b');
      expect(first.head.value('cache-control')).toBe('no-store');
      expect((await gateway.get('/a?b', VITE, ...own)).status).toBe(200);
      const { head } = service.requests.at(-1)!;
      expect(head.value('host')).toBe(`127.0.0.1:${service.port}`);
      expect(head.value('origin')).toBe(`http://127.0.0.1:${service.port}`);
      expect(head.value('referer')).toBe(`http://127.0.0.1:${service.port}/a`);
      expect(head.value('x-forwarded-host')).toBe('vite.localhost:3000');
    },
  );

  test('is shown with its refusal, and by its name, where its own host is refused as well', async () => {
    const { service, gateway } = await refusing(403, () => true);
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await gateway.get('/', VITE)).status);
    expect(statuses).toEqual([307, 403, 403, 403]);
    const hosts = service.requests.map(({ head }) => head.value('host'));
    const name = 'vite.localhost:3000';
    expect(hosts).toEqual([name, `127.0.0.1:${service.port}`, name, name]);
  });

  const post = `POST /rpc HTTP/1.1\r\n${VITE}\r\nContent-Length: 1\r\n\r\nx`;

  test('says of a POST, too, that it is not for this host', async () => {
    const { gateway } = await refusing(421, (host) => host.startsWith('vite'));
    expect((await gateway.exchange(post)).status).toBe(307);
    expect((await gateway.exchange(post)).status).toBe(200);
    expect((await gateway.get('/', VITE)).status).toBe(200);
  });

  test('refuses a POST for whatever reason, and is asked by its name as before', async () => {
    const { service, gateway } = await refusing(403, (host) => host.startsWith('vite'));
    expect((await gateway.exchange(post)).status).toBe(403);
    expect((await gateway.exchange(post)).status).toBe(403);
    expect(service.requests.map(({ head }) => head.value('host'))).not.toContain(`127.0.0.1:${service.port}`);
  });

  test('is asked by its name for everything else, until it is known why it refused', async () => {
    const { service, gateway } = await stage();
    service.answer(({ target }) =>
      target === '/private' ? Buffer.from('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n') : ok('x'),
    );
    const asked = ['/private', '/other', '/private', '/private', '/other'];
    const statuses = [];
    for (const target of asked) statuses.push((await gateway.get(target, VITE)).status);
    expect(statuses).toEqual([307, 200, 403, 403, 200]);
    const byName = service.requests.map(({ head }) => head.value('host') === 'vite.localhost:3000');
    expect(byName).toEqual([true, true, false, true, true]);
  });

  test('goes round at most once for each of many that are refused at once', async () => {
    const { gateway } = await refusing(403, () => true);
    const round = async (target: string) => {
      for (let times = 0; ; times++) if ((await gateway.get(target, VITE)).status !== 307) return times;
    };
    const times = await Promise.all(Array.from({ length: 8 }, (_, at) => round(`/${at}`)));
    expect(Math.max(...times)).toBe(1);
  });

  test('below its path, a refusal is what it is', async () => {
    const { gateway } = await refusing(403, () => true);
    expect((await gateway.get('/vite/', 'Host: localhost')).status).toBe(403);
  });

  test('keeps the Origin of a stranger, and the Host where the route says so', async () => {
    const { service, gateway } = await stage('', 'hostHeader: keep');
    await gateway.get('/', VITE, 'Origin: http://evil.example');
    expect(service.request.head.value('host')).toBe('vite.localhost:3000');
    expect(service.request.head.value('origin')).toBe('http://evil.example');
  });

  test('leads nothing back, and sets no cookie', async () => {
    const { gateway } = await stage();
    const fields = ['Sec-Fetch-Dest: document', 'Cookie: portway-page-3000=%2Fvite'];
    const answer = await gateway.get('/x', VITE, 'Referer: http://vite.localhost:3000/vite/', ...fields);
    expect([answer.status, answer.head.values('set-cookie')]).toEqual([200, ['a=1; Path=/x']]);
  });

  test('a narrower route is a wall there, too', async () => {
    const { service, gateway } = await stage('  /vite/admin: PORT\n');
    const answer = await gateway.get('/admin/x', VITE);
    expect(service.request.target).toBe('/x');
    expect(answer.head.value('location')).toBe('/admin/next');
    expect((await gateway.get('//admin/x', VITE)).status).toBe(400);
  });

  test('another host and another path are what they were', async () => {
    const { service, gateway } = await stage();
    await gateway.get('/vite/x', 'Host: other.localhost:3000');
    expect(service.request.target).toBe('/x');
    expect((await gateway.get('/x', 'Host: other.localhost:3000')).status).toBe(404);
  });

  test.each([
    ['hosts: off\n', 'development'],
    ['', 'production'],
  ] as const)('is not there with %j in %s', async (more, mode) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(routes('/vite', service.port) + more, { files, mode });
    expect((await gateway.get('/x', VITE)).status).toBe(404);
  });
});

test('a WebSocket by name is forwarded whole', async () => {
  const service = await startService({ halfOpen: true });
  const gateway = await startTestGateway(`routes:\n  /vite: ${service.port}\n`, { mode: 'development' });
  const client = await gateway.connect();
  await client.send(handshake('/?token=x', VITE, 'Origin: http://vite.localhost:3000'));
  const connection = await service.connection();
  const head = await connection.head();
  expect(head.startLine).toBe('GET /?token=x HTTP/1.1');
  expect(head.value('origin')).toBe('http://vite.localhost:3000');
  await connection.send(agreement());
  expect((await client.head()).startLine).toContain('101');
});

test('a WebSocket whose handshake the name is refused for is opened at the next try', async () => {
  const service = (await startService()).answer(({ head }) =>
    head.value('host')!.startsWith('vite')
      ? Buffer.from('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n')
      : Buffer.from(agreement(), 'latin1'),
  );
  const gateway = await startTestGateway(`routes:\n  /vite: ${service.port}\n`, { mode: 'development' });
  const statuses = [];
  for (const path of ['/ws', '/ws', '/other']) {
    const client = await gateway.connect();
    await client.send(handshake(path, VITE, 'Origin: http://vite.localhost:3000'));
    statuses.push((await client.head()).status);
    client.destroy();
    await until('it is over', () => gateway.log.exchanges().length === statuses.length);
  }
  expect(statuses).toEqual([403, 101, 101]);
});

test('odd letters and conflicts are said', async () => {
  const yaml =
    'routes:\n  /api/v1: 1\n  /api-v1: 1\n  /My_App: 1\n  /taken: 1\n  taken.localhost/x: 1\n  "/%E2": 1\n';
  const gateway = await startTestGateway(yaml, { mode: 'development' });
  const said = gateway.log.records.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith('names:'));
  expect(said.sort()).toEqual([
    'names: /%E2 has no name of its own: nothing in it can stand in a host',
    'names: /My_App is at my-app.localhost',
    'names: /api/v1 has no name of its own: api-v1.localhost belongs to /api-v1',
    'names: /taken has no name of its own: taken.localhost belongs to taken.localhost',
  ]);
  const names = (await gateway.gateway.figure('routes')).map(({ id, name }) => [id, name]);
  expect(names).toContainEqual(['/api-v1', 'api-v1.localhost']);
  expect(names).toContainEqual(['/api/v1', null]);
});
