import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { get, type RawClient, request } from '../testing/raw-client.ts';
import { connectSecurely } from '../testing/secure-client.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';
import { keysFile } from '../testing/users-file.ts';

/** What policies make of fields that come again is remembered (docs/decisions/0140-what-policies-do-to-fields-that-repeat.md); what they decide is not. */

const ALICE = ['X-API-Key: pw_alice', 'Cookie: a=1', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Ssl: on'];
const BLOCKS = [
  ALICE,
  [...ALICE, 'Origin: https://a.example'],
  [...ALICE, 'Origin: https://b.example'],
  [...ALICE, 'Origin: https://c.example'],
  ['X-API-Key: pw_bob', 'Origin: https://a.example'],
  ['X-API-Key: pw_bob', 'X_API_Key: pw_alice', 'X-Forwarded-User: root'],
  ['X-API-Key: pw_eve', 'Origin: https://a.example'],
  ['Cookie: portway-admin=1; b=2'],
  ALICE,
];
const REQUESTS = [
  ...['GET /db/x', 'GET /db/x', 'GET /db/x', 'GET /open/x', 'GET /cors/x', 'GET /cors/x', 'GET /open/x'],
  ...['GET /cors/x', 'GET /db/x', 'DELETE /db/x', 'DELETE /db/x', 'GET /db/x'],
  ...['POST /db/x abc', 'POST /db/x abc', 'POST /db/x abc', 'POST /open/x abc', 'POST /open/x de'],
  ...['PUT /open/x de', 'PUT /open/x de', 'GET /open/x'],
];

const routes = (lane: string, port: number, team: string, frame: string) => `routes:
  /db:
    - to: ${port}
      lane: ${lane}
      when: { methods: DELETE }
      auth: { keys: keys.txt }
      headers: { request: { set: { X-Team: other } } }
    - to: ${port}
      lane: ${lane}
      allow: [127.0.0.1]
      cors: { origins: [https://a.example, https://b.example], credentials: true }
      auth: { keys: keys.txt }
      rateLimit: { rate: 10000/h, by: header X-API-Key }
      headers: { request: { set: { X-Team: ${team} }, remove: [Cookie] }, answer: { set: { X-Frame-Options: ${frame} } } }
  /cors: { to: ${port}, lane: ${lane}, cors: { origins: [https://b.example], expose: [X-A] } }
  /open: { to: ${port}, lane: ${lane} }
`;

/** Without what is of one exchange, and what the clock decides. */
function comparable(lines: readonly string[]): string[] {
  return lines
    .filter((line) => !/^(?:x-request-id|traceparent|date|x-count):/i.test(line))
    .map((line) => line.replace(/^(RateLimit: "\w+").*/, '$1'))
    .sort();
}

describe.each(['wire', 'general'])('in the %s lane', (lane) => {
  test('fields that come again, and answers that do, are what they are the first time: behind another key, origin, route, file, trust and configuration', async () => {
    let count = 0;
    const service = (await startService()).answer(({ target }) =>
      ok(
        'x',
        'Access-Control-Allow-Origin: *',
        'Vary: Accept',
        ...(target === '/x' ? [] : [`X-Count: ${++count}`]),
      ),
    );
    const files = { 'keys.txt': keysFile({ alice: 'pw_alice', bob: 'pw_bob' }) };
    const gateway = await startTestGateway(routes(lane, service.port, 'one', 'DENY'), { files });
    const kept = await gateway.connect();

    /** @param client `null`: a connection of its own, and an answer that no other is like, so that nothing comes again */
    const outcome = async (client: RawClient | null, line: string, fields: readonly string[]) => {
      const [method, path, body] = line.split(' ') as [string, string, string?];
      const head = request(method, client === null ? `${path}?once` : path, fields, body);
      const before = service.requests.length;
      const answer = await (client?.exchange(head) ?? gateway.exchange(head));
      const got = service.requests.slice(before).flatMap((one) => [...one.head.lines, `body: ${one.body}`]);
      return [line, ...fields, answer.status, ...comparable(answer.head.lines), ...comparable(got)].join(
        '\n',
      );
    };
    const outcomes = async () => {
      const [again, once]: [string[], string[]] = [[], []];
      for (const fields of BLOCKS) for (const line of REQUESTS) again.push(await outcome(kept, line, fields));
      for (const fields of BLOCKS) for (const line of REQUESTS) once.push(await outcome(null, line, fields));
      expect(again).toEqual(once);
      return once.join('\n\n');
    };

    expect(await outcomes()).toMatch(/User: alice\n.*User: bob\n/s);
    await writeFile(
      join(dirname(gateway.configFile), 'keys.txt'),
      keysFile({ alicia: 'pw_alice', eve: 'pw_eve' }),
    );
    await gateway.log.find('change', ({ msg }) => msg === 'the changed file is in use');
    expect(await outcomes()).toMatch(/User: alicia\n.*User: eve\n/s);
    await gateway.editAndReload(routes(lane, service.port, 'two', 'SAMEORIGIN'));
    expect(await outcomes()).toMatch(/Frame-Options: SAMEORIGIN\n.*X-Team: two/s);
    await gateway.editAndReload(`trustProxy: loopback\n${routes(lane, service.port, 'two', 'SAMEORIGIN')}`);
    // Only an address that nobody forged may pass.
    expect(await outcomes()).toMatch(/\n403\n.*Ssl: on/s);
  });

  test('a body that comes again is announced where it was, as the client spells it', async () => {
    const service = (await startService()).answer(ok('x'));
    const gateway = await startTestGateway(`routes:\n  /db: { to: ${service.port}, lane: ${lane} }\n`);
    const client = await gateway.connect();
    const head = 'POST /db/x HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\nX-A: b\r\n\r\n';
    for (const body of ['abc', 'def', 'ghi', 'jkl']) await client.exchange(`${head}${body}`);
    const got = service.requests.map(({ head: { lines } }) =>
      lines.filter((line) => !/^(?:x-request-id|traceparent):/i.test(line)),
    );
    expect(got).toEqual(Array(4).fill(got[0]));
    expect(got[0]!.slice(0, 3)).toEqual(['Host: a', 'content-length: 3', 'X-A: b']);
    expect(service.requests.map(({ body }) => String(body))).toEqual(['abc', 'def', 'ghi', 'jkl']);
  });

  test('a limit counts each of the same requests, and tells each what is left', async () => {
    const service = (await startService()).answer(ok('x'));
    const yaml = `routes:\n  /db: { to: ${service.port}, lane: ${lane}, rateLimit: { rate: 4/h } }\n`;
    const gateway = await startTestGateway(yaml);
    const client = await gateway.connect();
    const told: (string | undefined)[] = [];
    for (let at = 0; at < 6; at++) {
      const { status, head } = await client.exchange(get('/db/x', 'Accept: */*'));
      told.push(`${status} ${/r=\d+/.exec(head.value('ratelimit') ?? '')?.[0]}`);
    }
    expect(told).toEqual(['200 r=3', '200 r=2', '200 r=1', '200 r=0', '429 r=0', '429 r=0']);
  });
});

test('one connection to a service answers clients over TLS and in the clear: HSTS is for the first alone', async () => {
  const service = (await startService()).answer(ok('x'));
  const { key, cert } = selfSigned('shop.test');
  const port = await freePort();
  const yaml = `tls: { port: ${port}, hsts: on, certificates: { cert: cert.pem, key: key.pem } }\nroutes:\n  /db: { to: ${service.port}, headers: { answer: { set: { X-A: b } } } }\n`;
  const gateway = await startTestGateway(yaml, { files: { 'cert.pem': cert, 'key.pem': key } });
  const [clear, secure] = [await gateway.connect(), await connectSecurely(port)];
  const told: boolean[] = [];
  for (const client of [secure, secure, secure, clear, secure, clear, clear]) {
    const { head } = await client.exchange(get('/db/x'));
    told.push(head.value('strict-transport-security') !== undefined);
  }
  expect(told).toEqual([true, true, true, false, true, false, false]);
});

test('each endpoint of a route that names it gets its own name, though the connection sends the same fields again', async () => {
  const services = [await startService(), await startService()].map((one) => one.answer(ok('x')));
  const [first, second] = services.map(({ port }) => port);
  const yaml = `routes:\n  /db: { to: [127.0.0.1:${first}, 127.0.0.1:${second}], hostHeader: rewrite }\n`;
  const gateway = await startTestGateway(yaml);
  const client = await gateway.connect();
  for (let at = 0; at < 6; at++) await client.exchange(get('/db/x'));
  for (const { port, requests } of services)
    expect(requests.map(({ head }) => head.value('host'))).toEqual(Array(3).fill(`127.0.0.1:${port}`));
});
