import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type {
  ExchangeList,
  ExchangeSummary,
  ExchangeView,
  ReplayEdits,
  ReplayResult,
} from '../../model/exchanges.ts';
import { DEVELOPMENT, startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { ok, reply, startService } from '../testing/service.ts';

async function admin<T>(gateway: TestGateway, method: string, target: string, body?: unknown) {
  const answer = await fetch(`http://127.0.0.1:${gateway.adminPort}${target}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  const text = await answer.text();
  return { status: answer.status, text, json: (text.startsWith('{') ? JSON.parse(text) : null) as T };
}

async function newest(gateway: TestGateway): Promise<string> {
  const { json } = await admin<{ exchanges: ExchangeSummary[] }>(gateway, 'GET', '/exchanges?limit=1');
  return json.exchanges[0]!.id;
}

const withBodies = async (gateway: TestGateway) =>
  (await admin<ExchangeView>(gateway, 'GET', `/exchanges/${await newest(gateway)}?bodies=true`)).json;

const replayed = async (gateway: TestGateway, id: string, edits: ReplayEdits = {}) =>
  admin<ReplayResult>(gateway, 'POST', `/exchanges/${id}/replay`, edits);

/** An answer whose body is not text. */
function bytes(content: Buffer, ...fields: string[]): Uint8Array {
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n${fields.map((one) => `${one}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head), content]);
}

describe('bodies', () => {
  test.each(['wire', 'general'])(
    'are kept in development where the route says so, in the %s lane',
    async (lane) => {
      const db = (await startService()).answer(ok('fine', 'Content-Type: text/plain'));
      const yaml = `routes:\n  /db: { to: ${db.port}, inspect: true, lane: ${lane} }\n  /no: ${db.port}\n`;
      const gateway = await startTestGateway(yaml, DEVELOPMENT);
      const body = 'user=ann&password=s3cret';
      const fields = [
        'Host: localhost',
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
      ];
      await gateway.exchange(request('POST', '/db/x', fields) + body);
      expect(await withBodies(gateway)).toMatchObject({
        request: {
          body: { kind: 'form', bytes: 24, truncated: false, text: 'user=ann&password=(not shown)' },
        },
        answer: { body: { kind: 'text', bytes: 4, text: 'fine' } },
      });
      const { text } = await admin(gateway, 'GET', `/exchanges/${await newest(gateway)}`);
      expect(text).not.toContain('"body"');
      await gateway.get('/no/x');
      expect(await withBodies(gateway)).toMatchObject({ request: { body: null }, answer: { body: null } });
    },
  );

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])(
    'in %s are shown, and searched, as what they stand for, JSON without its secrets',
    async (coding, encode) => {
      const content = encode(
        Buffer.from(
          '{"name":"ann","token":"s3cret","list":[1],"next":"https://x.test/?page=2&sig=s3cret","text":"{\\"pin\\":\\"s3cret\\"}"}',
        ),
      );
      const db = (await startService()).answer(() =>
        bytes(content, 'Content-Type: application/json', `Content-Encoding: ${coding}`),
      );
      const yaml = `routes: { /db: { to: ${db.port}, inspect: true } }\n`;
      const gateway = await startTestGateway(yaml, DEVELOPMENT);
      await gateway.get('/db/x');
      const { answer } = await withBodies(gateway);
      expect(answer!.body).toMatchObject({ kind: 'json', coding, bytes: content.length });
      expect(JSON.parse(answer!.body!.text!)).toEqual({
        name: 'ann',
        token: '(not shown)',
        list: [1],
        next: 'https://x.test/?page=2&sig=(not shown)',
        text: '{"pin":"(not shown)"}',
      });
      const found = async (text: string) =>
        (await admin<ExchangeList>(gateway, 'GET', `/exchanges?text=${text}`)).json.exchanges.length;
      expect([await found('ANN'), await found('s3cret')]).toEqual([1, 0]);
    },
  );

  test('have a bound, in the ring and when they are decoded', async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20));
    const big = Buffer.alloc(200_000, 'x');
    const db = (await startService()).answer(({ target }) =>
      target === '/bomb' ? bytes(bomb, 'Content-Encoding: gzip') : bytes(big),
    );
    const yaml = `routes: { /db: { to: ${db.port}, inspect: true } }\n`;
    const gateway = await startTestGateway(yaml, DEVELOPMENT);
    expect((await gateway.get('/db/big')).text).toHaveLength(200_000);
    const { answer } = await withBodies(gateway);
    expect(answer!.body).toMatchObject({ bytes: 200_000, truncated: true });
    expect(answer!.body!.text).toHaveLength(65_536);
    await gateway.get('/db/bomb');
    expect((await withBodies(gateway)).answer!.body).toMatchObject({ kind: 'unreadable', text: null });
  });

  test('are kept in production for a while, when an operator asks for it', async () => {
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(
      `admin: 3900\nroutes: { /db: { to: ${db.port}, inspect: true } }\n`,
    );
    await admin(gateway, 'GET', '/exchanges');
    await gateway.get('/db/x');
    expect((await withBodies(gateway)).answer!.body).toBe(null);
    expect((await admin(gateway, 'POST', '/capture?for=2h')).status).toBe(400);
    expect((await admin(gateway, 'POST', '/capture?for=1m&route=/db')).status).toBe(200);
    await gateway.get('/db/x');
    expect((await withBodies(gateway)).answer!.body).toMatchObject({ text: 'fine' });
    expect((await admin(gateway, 'DELETE', '/capture')).status).toBe(200);
    await gateway.get('/db/x');
    expect((await withBodies(gateway)).answer!.body).toBe(null);
  });
});

describe('a replay', () => {
  test('sends the same again by the front door, with its secrets, and says what differs', async () => {
    let count = 0;
    const db = (await startService()).answer(() =>
      reply(
        200,
        ['Content-Type: application/json', `X-Count: ${++count}`],
        JSON.stringify({ count, list: [{ a: 1 }] }),
      ),
    );
    const yaml = `routes: { /db: { to: ${db.port}, inspect: true } }\n`;
    const gateway = await startTestGateway(yaml, DEVELOPMENT);
    await gateway.get('/db/x?token=abc', 'Authorization: Bearer s3cret', 'X-Mine: 1');
    const { status, json, text } = await replayed(gateway, await newest(gateway));
    expect(status).toBe(200);
    expect(text).not.toContain('s3cret');
    expect(db.requests.map(({ target }) => target)).toEqual(['/x?token=abc', '/x?token=abc']);
    expect(db.requests[1]!.head.value('authorization')).toBe('Bearer s3cret');
    expect(db.requests[1]!.head.value('x-mine')).toBe('1');
    expect(json.before).toMatchObject({ status: 200 });
    expect(json.after).toMatchObject({ status: 200, body: { kind: 'json' } });
    expect(json.difference).toEqual({
      status: null,
      fields: [{ name: 'x-count', before: '1', after: '2' }],
      body: { kind: 'json', same: false, changes: [{ path: '/count', before: 1, after: 2 }] },
    });
  });

  test('takes edits; what is masked in them stands for what was sent', async () => {
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(`routes: { /db: ${db.port}, /img: ${db.port} }\n`, DEVELOPMENT);
    await gateway.get('/db/x?token=abc', 'Cookie: sid=s3cret');
    const id = await newest(gateway);
    await replayed(gateway, id, {
      method: 'PUT',
      target: '/img/y?token=(not shown)&z=1',
      fields: [
        ['Host', 'localhost'],
        ['Cookie', 'sid=(not shown)'],
        ['Content-Length', '999'],
      ],
      body: 'new',
      confirm: true,
    });
    const sent = db.requests[1]!;
    expect([sent.method, sent.target, String(sent.body)]).toEqual(['PUT', '/y?token=abc&z=1', 'new']);
    expect(sent.head.value('cookie')).toBe('sid=s3cret');
  });

  test('of what may change something asks first, and a body that was not kept is needed', async () => {
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(`routes: { /db: ${db.port} }\n`, DEVELOPMENT);
    await gateway.exchange(`${request('POST', '/db/x', ['Host: localhost', 'Content-Length: 3'])}abc`);
    const id = await newest(gateway);
    const seen = await replayed(gateway, id, { body: 'abc' });
    expect(seen).toMatchObject({ status: 409, json: { detail: /confirm/ } });
    const told = await replayed(gateway, id, { confirm: true });
    expect(told).toMatchObject({ status: 409, json: { detail: /not kept/ } });
    expect(db.requests).toHaveLength(1);
    expect((await replayed(gateway, id, { confirm: true, body: 'abc' })).status).toBe(200);
    expect(String(db.requests[1]!.body)).toBe('abc');
  });

  test('meets the policies as any request does, and in production has no secrets of clients', async () => {
    const db = (await startService()).answer(ok('fine'));
    const yaml = `admin: 3900\nroutes: { /db: { to: ${db.port}, allow: 10.0.0.0/8 }, /ok: ${db.port} }\n`;
    const gateway = await startTestGateway(yaml);
    await admin(gateway, 'GET', '/exchanges');
    await gateway.get('/db/x');
    expect((await replayed(gateway, await newest(gateway))).json.after.status).toBe(403);
    await gateway.get('/ok/x?token=abc', 'Authorization: Bearer s3cret', 'Cookie: sid=s3cret');
    await replayed(gateway, await newest(gateway));
    expect(db.requests[1]!.head.value('authorization')).toBe(undefined);
    expect(db.requests[1]!.head.value('cookie')).toBe(undefined);
    expect(db.requests[1]!.target).toBe('/x?token=');
  });

  test('sends in production no body that a client sent, which nobody can tell from a login', async () => {
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(`admin: 3900\nroutes: { /db: ${db.port} }\n`);
    await admin(gateway, 'POST', '/capture?for=1m');
    await admin(gateway, 'GET', '/exchanges');
    await gateway.exchange('POST /db/login HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\npassword=s3cret');
    const asked = await newest(gateway);
    expect((await replayed(gateway, asked, { confirm: true })).status).toBe(409);
    expect((await replayed(gateway, asked, { confirm: true, body: 'password=mine' })).status).toBe(200);
    expect(db.requests.map(({ body }) => String(body))).toEqual(['password=s3cret', 'password=mine']);
  });

  test.each([
    { target: 'http://evil.example/' },
    { target: '/x y' },
    { method: 'GET /' },
    { fields: [['X', 'a\r\nb: c']] as const },
  ])('of %j is refused', async (edits) => {
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(`routes: { /db: ${db.port} }\n`, DEVELOPMENT);
    await gateway.get('/db/x');
    expect((await replayed(gateway, await newest(gateway), edits)).status).toBe(409);
    expect(db.requests).toHaveLength(1);
  });

  test('is for no page of another origin', async () => {
    const gateway = await startTestGateway('routes: { /db: 1 }\n', DEVELOPMENT);
    for (const target of ['/exchanges/a-1/replay', '/capture?for=1m']) {
      expect((await gateway.admin('POST', target, 'Origin: http://evil.example')).status).toBe(403);
    }
  });
});

test('an exchange can be had as a command line', async () => {
  const db = (await startService()).answer(ok('fine'));
  const gateway = await startTestGateway(`routes: { /db: ${db.port} }\n`, DEVELOPMENT);
  const client = await gateway.connect();
  await client.exchange(get('/db/x', 'Host: localhost', 'X-Mine: 1'));
  client.destroy();
  const { text } = await admin(gateway, 'GET', `/exchanges/${await newest(gateway)}?as=curl`);
  expect(text).toBe("curl -i \\\n  'http://localhost/db/x' \\\n  -H 'X-Mine: 1'");
});
