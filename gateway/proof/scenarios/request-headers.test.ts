import { describe, expect, test } from 'vitest';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok } from '../testing/service.ts';

describe.each(laneKinds)('the fields of a request on $kind', ({ routes, files }) => {
  async function received(fields: readonly string[], ...keys: string[]) {
    const { service, gateway } = await startRoute({ routes, files }, '/db', keys);
    service.answer(ok());
    expect((await gateway.get('/db/', ...fields)).status).toBe(200);
    return { head: service.request.head, service };
  }

  test('keep their order, case, repetition and bytes', async () => {
    const fields = [
      'x-b: 1',
      'X-a: 2',
      'Cookie: a=1',
      'Accept: text/plain, */*;q=0.1',
      'Cookie: b="2, 3"',
      'X-B: 3',
      'User-Agent: t\xe9st (\xff)',
      'authorization: Basic eDp5',
      'Proxy-Status: passed',
      "x-odd!#$%&'*+.^`|~: y",
      'X-Long: '.padEnd(4_000, 'z'),
    ];
    const { head } = await received(fields);
    expect(head.lines.filter((line) => fields.includes(line))).toEqual(fields);
  });

  test('may be empty', async () => {
    const { head } = await received(['X-Empty:', 'Accept:']);
    expect(head.values('x-empty')).toEqual(['']);
    expect(head.values('accept')).toEqual(['']);
  });

  test.each([
    ['Keep-Alive', ['Keep-Alive: timeout=5']],
    ['Proxy-Connection', ['Proxy-Connection: keep-alive']],
    ['Proxy-Authorization', ['Proxy-Authorization: Basic eDp5']],
    ['TE', ['TE: gzip', 'Connection: TE']],
    ['TE', ['TE: gzip;q=0.5']],
    [
      'Upgrade',
      ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
    ],
    ['HTTP2-Settings', ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABk']],
    ['Upgrade', ['Upgrade: foo/2']],
    ['Trailer', ['Trailer: X-Sum']],
    ['X-Private', ['Connection: x-private', 'X-Private: 1']],
    ['X-Private', ['X-Private: 1', 'Connection: close, , X-PRIVATE ,']],
    ['X-Second', ['Connection: X-First', 'X-First: 1', 'Connection: X-Second', 'X-Second: 2']],
  ])('%s is for one hop only: %j', async (name, fields) => {
    const { head } = await received(fields);
    expect(head.has(name)).toBe(false);
    expect(head.value('connection') ?? 'keep-alive').toMatch(/^(keep-alive|close)$/i);
  });

  test.each([['TE: trailers'], ['TE: deflate;q=0.5, trailers'], ['TE: Trailers, gzip']])(
    'of %s the word trailers goes on',
    async (field) => {
      const { head } = await received([field, 'Connection: TE']);
      expect(head.values('te').map((value) => value.toLowerCase())).toEqual(['trailers']);
    },
  );

  test.each([
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Real-IP', '127.0.0.1'],
    ['X-Forwarded-Proto', 'http'],
    ['X-Forwarded-Prefix', '/db'],
  ])('Connection cannot take away our own %s', async (name, value) => {
    const { head } = await received([`Connection: ${name}`]);
    expect(head.values(name)).toEqual([value]);
  });

  test.each(['Via', 'Forwarded', 'X-Request-Id', 'traceparent', 'Host'])(
    'Connection cannot take away %s',
    async (name) => {
      const { head } = await received([`Connection: ${name}`]);
      expect(head.values(name)).toHaveLength(1);
    },
  );

  /** A client that could drop these behind a gateway which has looked at them would be two clients in one. */
  test.each(['Cookie: a=1', 'Authorization: Basic eDp5', 'Content-Type: text/plain'])(
    'Connection cannot take away %s',
    async (field) => {
      const { head } = await received([field, `Connection: ${field.split(':')[0]}`]);
      expect(head.lines).toContain(field);
    },
  );

  test.each(['content-length', 'transfer-encoding'])(
    'Connection cannot take the framing away: %s',
    async (name) => {
      const { service, gateway } = await startRoute({ routes, files }, '/db');
      service.answer(ok());
      const body = name === 'content-length' ? 'four' : '4\r\nfour\r\n0\r\n\r\n';
      const framing = name === 'content-length' ? 'Content-Length: 4' : 'Transfer-Encoding: chunked';
      const client = await gateway.connect();
      await client.send(request('POST', '/db/', [`Connection: ${name}`, framing], body));
      const answer = await client.answer();
      if (answer.status === 200) expect(service.request.body.toString()).toBe('four');
      else expect([answer.status, service.requests.length]).toEqual([400, 0]);
    },
  );

  test('Host goes on as the client sent it', async () => {
    const { head } = await received(['Host: Shop.Example:8443']);
    expect(head.values('host')).toEqual(['Shop.Example:8443']);
  });

  test('Host is that of the endpoint where the route says so', async () => {
    const { head, service } = await received(['Host: shop.example'], 'hostHeader: rewrite');
    expect(head.value('host')).toMatch(new RegExp(`^(127\\.0\\.0\\.1|localhost):${service.port}$`));
  });

  // An application that compares Host with Origin (Jupyter, Django) must find one name in both.
  test.each([
    ['Origin: http://shop.example:8080', 'Origin: OWN'],
    ['origin: HTTP://SHOP.EXAMPLE:8080', 'origin: OWN'],
    ['Referer: http://shop.example:8080/db/a%2Fb?x=1', 'Referer: OWN/db/a%2Fb?x=1'],
    ['Referer: http://shop.example:8080', 'Referer: OWN'],
    ['Origin: http://evil.example', 'Origin: http://evil.example'],
    ['Origin: http://shop.example', 'Origin: http://shop.example'],
    ['Origin: https://shop.example:8080', 'Origin: https://shop.example:8080'],
    ['Origin: null', 'Origin: null'],
    ['Origin: http://u@shop.example:8080', 'Origin: http://u@shop.example:8080'],
    [
      'Referer: http://evil.example/?http://shop.example:8080/',
      'Referer: http://evil.example/?http://shop.example:8080/',
    ],
    ['X-Origin: http://shop.example:8080', 'X-Origin: http://shop.example:8080'],
  ])('with hostHeader: rewrite, %s arrives as %s', async (sent, arrived) => {
    const { head, service } = await received(['Host: shop.example:8080', sent], 'hostHeader: rewrite');
    const own = `http://${head.value('host')}`;
    expect(own).toMatch(new RegExp(`:${service.port}$`));
    expect(head.lines).toContain(arrived.replace('OWN', own));
  });

  test('without it, Origin and Referer arrive as sent', async () => {
    const fields = ['Origin: http://shop.example', 'Referer: http://shop.example/db/'];
    expect((await received(['Host: shop.example', ...fields])).head.lines).toEqual(
      expect.arrayContaining(fields),
    );
  });

  test('Max-Forwards counts down on OPTIONS alone', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    await gateway.exchange(request('OPTIONS', '/db/', ['Max-Forwards: 3']));
    await gateway.exchange(get('/db/', 'Max-Forwards: 3'));
    expect(service.requests.map((each) => each.head.value('max-forwards'))).toEqual(['2', '3']);
  });

  test('OPTIONS with Max-Forwards: 0 ends at the gateway', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    const answer = await gateway.exchange(request('OPTIONS', '/db/', ['Max-Forwards: 0']));
    expect([200, 204]).toContain(answer.status);
    expect(service.connections).toEqual([]);
  });
});
