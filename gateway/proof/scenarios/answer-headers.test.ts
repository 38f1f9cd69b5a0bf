import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok, startService } from '../testing/service.ts';

describe.each(laneKinds)('the fields of an answer on $kind', (kind) => {
  const { routes, files, comparable } = kind;

  /** One gateway answers with all the fields of a test, in turn. */
  async function stage(...keys: string[]) {
    let fields: readonly string[] = [];
    const service = (await startService()).answer(() => ok('x', ...fields));
    const gateway = await startTestGateway(routes('/db', service.port, ...keys), { files });
    const answered = async (...said: string[]) => {
      fields = said;
      return (await gateway.get('/db/a/b', 'Host: shop.test:8080')).head;
    };
    return { answered, own: `http://127.0.0.1:${service.port}` };
  }

  test('keep their order, case, repetition and bytes', async () => {
    const fields = [
      'x-b: 1',
      'Set-Cookie: a=1; HttpOnly',
      'Server: t\xe9st \xff',
      'WWW-Authenticate: Basic realm="a, b"',
      'set-cookie: b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'WWW-Authenticate: Bearer',
      'X-B: 2',
      'Date: Sun, 06 Nov 1994 08:49:37 GMT',
      'ETag: W/"x"',
      'Via: 1.1 inside',
      'x-request-id-like: y',
    ];
    const { answered } = await stage();
    const head = await answered(...fields);
    const wanted = comparable(fields);
    expect(comparable(head.lines).filter((line) => wanted.includes(line))).toEqual(wanted);
    expect(head.values('date')).toHaveLength(1);
    expect(head.values('server')).toHaveLength(1);
  });

  describe('that come again on a connection to the service', () => {
    const lines = ({ head }: { head: { lines: readonly string[] } }) =>
      head.lines.filter((line) => !/^(x-request-id|date):/i.test(line));

    async function twoRoutes() {
      const service = await startService();
      const text = `${routes('/db', service.port)}  /shop: { to: ${service.port} }\n`;
      const client = await (await startTestGateway(text, { files })).connect();
      return { service, client };
    }

    test('are told as they were the first time, each with its own id', async () => {
      const { service, client } = await twoRoutes();
      service.answer(({ target }) =>
        target === '/y'
          ? ok('yy', 'X-A: 2')
          : ok('x', 'X-A: 1', 'Keep-Alive: timeout=5', 'X-Request-Id: theirs'),
      );
      const answers = [];
      for (let i = 0; i < 4; i++) answers.push(await client.exchange(get('/db/x')));
      for (const answer of answers)
        expect([lines(answer), answer.body.toString()]).toEqual([lines(answers[0]!), 'x']);
      expect((await client.exchange(get('/db/y'))).head.value('x-a')).toBe('2');
      const ids = answers.flatMap(({ head }) => head.values('x-request-id'));
      expect([new Set(ids).size, ids.includes('theirs')]).toEqual([4, false]);
    });

    test('are put behind the prefix of each route', async () => {
      const { service, client } = await twoRoutes();
      service.answer(() => ok('x', 'Location: /a', 'Set-Cookie: a=1; Path=/'));
      for (const prefix of ['/db', '/db', '/shop', '/db', '/shop', '/shop']) {
        const { head } = await client.exchange(get(`${prefix}/x`));
        const seen = [head.value('location'), head.value('set-cookie')];
        expect(seen).toEqual([`${prefix}/a`, `a=1; Path=${prefix}`]);
      }
    });

    test('promise a body where there is one', async () => {
      const { service, client } = await twoRoutes();
      service.answer(({ method }) => ok('x', 'X-A: 1').subarray(0, method === 'HEAD' ? -1 : undefined));
      for (const method of ['GET', 'GET', 'HEAD', 'HEAD', 'GET', 'GET']) {
        await client.send(request(method, '/db/x'));
        const answer = await client.answer(method);
        expect([answer.status, answer.body.toString()]).toEqual([200, method === 'HEAD' ? '' : 'x']);
      }
    });

    test('are no reason to begin an answer whose chunks are broken', async () => {
      const { service, client } = await twoRoutes();
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
      service.answer(({ target }) => head + (target === '/y' ? 'nonsense\r\n' : '1\r\nx\r\n0\r\n\r\n'));
      for (let i = 0; i < 3; i++) expect((await client.exchange(get('/db/x'))).body.toString()).toBe('x');
      expect((await client.exchange(get('/db/y'))).status).toBe(502);
    });
  });

  test('a status and reason of any kind go through', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer('HTTP/1.1 299 Odd  \xe9 One\r\nContent-Length: 0\r\n\r\n');
    const { startLine } = (await gateway.get('/db/')).head;
    if (kind.throughFastify) expect(startLine).toMatch(/^HTTP\/1\.1 299 /);
    else expect(startLine).toBe('HTTP/1.1 299 Odd  \xe9 One');
  });

  // RFC 9110 §15.5.22, §7.8. @fastify/http-proxy keeps what concerns a connection to itself.
  test.skipIf(kind.throughFastify)('426 says which protocol is wanted', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
    );
    const client = await gateway.connect();
    const { head } = await client.exchange(get('/db/'));
    expect(head.value('upgrade')).toBe('websocket');
    expect(head.values('connection').join()).toMatch(/upgrade/i);
    expect((await client.exchange(get('/db/'))).status).toBe(426);
  });

  test('that are for one hop only do not go through', async () => {
    const { answered } = await stage();
    for (const [name, ...fields] of [
      ['Keep-Alive', 'Keep-Alive: timeout=77'],
      ['Proxy-Connection', 'Proxy-Connection: keep-alive'],
      ['X-Private', 'Connection: X-Private', 'X-Private: 1'],
      ['X-Private', 'X-Private: 1', 'Connection: keep-alive,x-private'],
      ['Upgrade', 'Upgrade: h2c', 'Connection: Upgrade'],
    ] as const) {
      const head = await answered(...fields);
      // The gateway may have a Keep-Alive of its own for its own hop.
      for (const field of fields) expect(head.lines).not.toContain(field);
      if (name !== 'Keep-Alive') expect(head.has(name)).toBe(false);
      expect(head.value('connection') ?? 'keep-alive').toMatch(/^(keep-alive|close)$/i);
    }
  });

  test("the service's Connection: close does not close the client's connection", async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok('x', 'Connection: close'));
    const client = await gateway.connect();
    expect((await client.exchange(get('/db/'))).head.value('connection')).not.toBe('close');
    expect((await client.exchange(get('/db/'))).status).toBe(200);
  });

  test('are put back as the client must see them', async () => {
    const { answered, own } = await stage();
    for (const [name, said, told] of [
      ['Location', '/x?y#z', '/db/x?y#z'],
      ['Location', '/db/x', '/db/x'],
      ['Location', `${own}/x`, 'http://shop.test:8080/db/x'],
      ['Location', 'x', 'x'],
      ['Location', '?page=2', '?page=2'],
      ['Location', 'https://other.test/x', 'https://other.test/x'],
      ['Location', '//other.test/x', '//other.test/x'],
      ['Location', 'http://127.0.0.1:1/x', 'http://127.0.0.1:1/x'],
      // The public origin as the service's own is put behind the prefix, once.
      ['Location', 'http://shop.test:8080/x', 'http://shop.test:8080/db/x'],
      ['Location', 'http://shop.test:8080/db/x', 'http://shop.test:8080/db/x'],
      ['Content-Location', '/x', '/db/x'],
      ['Refresh', '5; url=/x', '5; url=/db/x'],
      ['Refresh', `0; URL=${own}/x`, '0; URL=http://shop.test:8080/db/x'],
      ['Link', '</x>; rel=next', '</db/x>; rel=next'],
      [
        'Link',
        '</a>; rel=next, <https://other.test/b>; rel=prev, <c>; rel=x',
        '</db/a>; rel=next, <https://other.test/b>; rel=prev, <c>; rel=x',
      ],
      ['Set-Cookie', 'a=1; Path=/', 'a=1; Path=/db'],
      ['Set-Cookie', 'a=1; path=/db/x', 'a=1; path=/db/x'],
      ['Set-Cookie', '__Host-a=1; Path=/; Secure', '__Host-a=1; Path=/; Secure'],
      ['Set-Cookie', 'a=Path=/x; Secure', 'a=Path=/x; Secure'],
    ] as const)
      expect([said, (await answered(`${name}: ${said}`)).value(name)]).toEqual([said, told]);
  });

  test.each([
    ['rewrite: off', ['Location: /x', 'Location: OWN/x', 'Set-Cookie: a=1; Path=/x', 'Link: </x>; rel=next']],
    ['strip: false', ['Location: /db/x', 'Set-Cookie: a=1; Path=/db']],
  ])('are left as they are by %s', async (key, fields) => {
    const { answered, own } = await stage(key);
    for (const field of fields.map((text) => text.replace('OWN', own)))
      expect(comparable((await answered(field)).lines)).toContain(comparable([field])[0]);
  });
});
