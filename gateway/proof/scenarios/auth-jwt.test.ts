import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { configurationFolder, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { basic, usersFile } from '../testing/users-file.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const ISSUER = 'https://id.example.com';
const INVALID = 'Bearer realm="Portway", error="invalid_token"';

interface Signer {
  readonly kid: string;
  readonly jwk: JWK;
  readonly spki: string;
  sign(claims?: JWTPayload, header?: object, expires?: string | number): Promise<string>;
}

async function signer(alg: string, kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    spki: await exportSPKI(publicKey),
    sign: (claims = {}, header = {}, expires = '5m') =>
      new SignJWT({ sub: 'ann', iss: ISSUER, aud: 'shop', ...claims })
        .setProtectedHeader({ alg, kid, ...header })
        .setExpirationTime(expires)
        .sign(privateKey),
  };
}

const [rsa, ec, ed, stranger] = await Promise.all([
  signer('RS256', 'rsa'),
  signer('ES256', 'ec'),
  signer('EdDSA', 'ed'),
  signer('ES256', 'ec'),
]);
const keys = (...signers: Signer[]) => JSON.stringify({ keys: signers.map(({ jwk }) => jwk) });
const bearer = (token: string) => `Authorization: Bearer ${token}`;
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

describe.each(laneKinds)('auth: jwt on $kind', ({ routes, files }) => {
  async function stage(more = '') {
    const service = (await startService()).answer((request) =>
      request.head.value('upgrade') ? Buffer.from(agreement(), 'latin1') : ok('x'),
    );
    const auth = `auth: { jwt: { jwks: jwks.json, issuer: "${ISSUER}", audience: [shop, other]${more} } }`;
    const gateway = await startTestGateway(routes('/db', service.port, auth), {
      files: { ...files, 'jwks.json': keys(rsa, ec, ed) },
    });
    const ask = (token: string) => gateway.get('/db/x', bearer(token));
    return { service, gateway, ask };
  }

  test('tokens of the issuer pass, however they are signed, and their user is known', async () => {
    const { service, gateway, ask } = await stage();
    for (const each of [rsa, ec, ed]) {
      const token = await each.sign({ sub: `ann ${each.kid}` });
      for (let i = 0; i < 2; i++) {
        expect((await ask(token)).status).toBe(200);
        expect(service.requests.at(-1)!.head.values('x-forwarded-user')).toEqual([`ann ${each.kid}`]);
      }
    }
    expect((await gateway.log.exchange(200)).user).toBe('ann rsa');
    const { status, head } = await gateway.get('/db/x');
    expect([status, head.values('www-authenticate')]).toEqual([401, ['Bearer realm="Portway"']]);
  });

  test('no other token does', async () => {
    const { service, gateway, ask } = await stage();
    const good = await ec.sign();
    const [head, body, signature] = good.split('.') as [string, string, string];
    const claims = { sub: 'ann', iss: ISSUER, aud: 'shop', exp: inAnHour() };
    const confused = (alg: string, secret: string) => {
      const text = `${encoded({ alg, kid: 'rsa' })}.${encoded(claims)}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const tokens = {
      'a signature of another key': await stranger.sign(),
      'another key by its name': await stranger.sign({}, { kid: 'rsa' }),
      'its own key in its head': await stranger.sign({}, { jwk: stranger.jwk, kid: undefined }),
      'a place for keys in its head': await stranger.sign({}, { jku: 'http://127.0.0.1:1/jwks', kid: 'new' }),
      'no algorithm': `${encoded({ alg: 'none' })}.${encoded(claims)}.`,
      NoNe: `${encoded({ alg: 'NoNe', kid: 'ec' })}.${encoded(claims)}.${signature}`,
      'HS256 by the public key': confused('HS256', rsa.spki),
      'HS256 by the modulus': confused('HS256', rsa.jwk.n!),
      'HS256 by nothing': confused('HS256', ''),
      'another body': `${head}.${encoded({ ...claims, sub: 'root' })}.${signature}`,
      'no signature': `${head}.${body}.`,
      'a part less': `${head}.${body}`,
      'a part more': `${good}.x`,
      'something behind it': `${good}x`,
      'two tokens': `${good}, ${good}`,
      'an unknown extension': await ec.sign({}, { crit: ['exp2'], exp2: 1 }).catch(() => 'x.y.z'),
      'another issuer': await ec.sign({ iss: `${ISSUER}/` }),
      'another audience': await ec.sign({ aud: ['cart'] }),
      'an expiry that is over': await ec.sign({}, {}, Math.floor(Date.now() / 1000) - 60),
      'a beginning to come': await ec.sign({ nbf: inAnHour() }),
      'no user': await ec.sign({ sub: undefined as never }),
      'a user of several lines': await ec.sign({ sub: 'ann\r\nX-Admin: 1' }),
      nothing: '',
      garbage: '....',
      '16 KiB less a little': 'a'.repeat(12_000),
    };
    for (const [what, token] of Object.entries(tokens)) {
      const answer = await ask(token);
      expect([what, answer.status]).toEqual([what, 401]);
      if (token !== '') expect([what, answer.head.values('www-authenticate')]).toEqual([what, [INVALID]]);
    }
    const twice = await gateway.get('/db/x', bearer(good), bearer(good));
    expect(twice.status).toBe(401);
    expect(service.connections).toHaveLength(0);
    expect(gateway.log.text()).not.toContain(body);
    expect((await ask(good)).status).toBe(200);
  });

  test('what the token may not do is 403, with the scope to ask for', async () => {
    const { ask } = await stage(', scopes: [read, write], claims: { groups: [admin, staff], level: 3 }');
    const good = { scope: 'read write', groups: ['x', 'staff'], level: 3 };
    expect((await ask(await ec.sign(good))).status).toBe(200);
    expect(
      (await ask(await ec.sign({ ...good, scope: undefined as never, scp: ['write', 'read'] }))).status,
    ).toBe(200);
    for (const lacks of [{ scope: 'read' }, { groups: ['admins'] }, { level: 4 }, { groups: 'a,staff' }]) {
      const { status, head } = await ask(await ec.sign({ ...good, ...lacks } as JWTPayload));
      expect([lacks, status]).toEqual([lacks, 403]);
      expect(head.value('www-authenticate')).toBe(
        'Bearer realm="Portway", error="insufficient_scope", scope="read write"',
      );
    }
  });

  test('only algorithms that are named are taken, and the user may be another claim', async () => {
    const { service, ask } = await stage(', algorithms: ES256, user: email');
    expect((await ask(await rsa.sign({ email: 'a@b.c' }))).status).toBe(401);
    expect((await ask(await ec.sign({ email: 'a@b.c' }))).status).toBe(200);
    expect(service.request.head.values('x-forwarded-user')).toEqual(['a@b.c']);
  });

  test('a handshake passes with a token alone', async () => {
    const { service, gateway } = await stage();
    for (const [fields, status] of [
      [[], '401'],
      [[bearer(await ec.sign())], '101'],
    ] as const) {
      const client = await gateway.connect();
      await client.send(handshake('/db/x', ...fields));
      expect((await client.head()).startLine.slice(9, 12)).toBe(status);
      client.destroy();
    }
    expect(service.requests).toHaveLength(1);
  });
});

describe('the keys of an issuer', () => {
  async function stage(jwks: string | Uint8Array) {
    const issuer = (await startService()).answer(jwks);
    const service = (await startService()).answer(ok('x'));
    const yaml = `routes:\n  /db: { to: ${service.port}, auth: { jwt: { jwks: "http://127.0.0.1:${issuer.port}/jwks", issuer: "${ISSUER}", audience: shop } } }\n`;
    const gateway = await startTestGateway(yaml);
    const status = async (token: string) => (await gateway.get('/db/x', bearer(token))).status;
    return { issuer, gateway, status };
  }

  test('are fetched once, before anybody asks', async () => {
    const { issuer, status } = await stage(ok(keys(ec)));
    await until('they are fetched', () => issuer.requests.length === 1);
    for (let i = 0; i < 3; i++) expect(await status(await ec.sign({ n: i }))).toBe(200);
    expect(issuer.requests).toHaveLength(1);
  });

  test('that are not there are a 503, and what waits for them passes when they come', async () => {
    const { issuer, gateway, status } = await stage(reply(500));
    const { status: code, head } = await gateway.get('/db/x', bearer(await ec.sign()));
    expect([code, head.value('retry-after')]).toEqual([503, '5']);
    expect(await gateway.log.exchange(503)).toMatchObject({ policy: 'auth', code: 'auth_unavailable' });
    expect((await gateway.get('/db/x')).status).toBe(401);
    issuer.answer(ok(keys(ec)));
    await gateway.log.find('recovery', ({ msg }) => msg === 'the keys of the issuer are there again');
    expect(await status(await ec.sign())).toBe(200);
  });

  test.each([
    ['no JSON', ok('<html>')],
    ['no keys', ok('{"keys":[]}')],
    [
      'symmetric keys',
      ok(JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'ec', alg: 'HS256' }] })),
    ],
    ['too much', ok(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`)],
    ['a redirect', reply(302, ['Location: http://127.0.0.1:1/'])],
  ])('%s are none', async (_what, answer) => {
    const { gateway, status } = await stage(answer);
    await gateway.log.find('problem', ({ msg }) =>
      `${msg}`.startsWith("the keys of the issuer can't be had"),
    );
    expect(await status(await ec.sign())).toBe(503);
  });

  test('a flood of tokens with unknown keys does not become a flood at the issuer', async () => {
    const { issuer, status } = await stage(ok(keys(ec)));
    await until('they are fetched', () => issuer.requests.length === 1);
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => ec.sign({}, { kid: `k${i}` })));
    expect(new Set(await Promise.all(tokens.map(status)))).toEqual(new Set([401]));
    expect(issuer.requests.length).toBeLessThanOrEqual(2);
  });
});

test('the example of docs/auth.md is a good one, and does what it says', async () => {
  const page = readFileSync(new URL('../../../docs/auth.md', import.meta.url), 'utf8');
  const issuer = (await startService()).answer(ok(keys(ec)));
  const service = (await startService()).answer(ok('x'));
  const yaml = [...page.matchAll(/```yaml\n(.*?)```/gs)].find(([, text]) => text!.includes('jwt:'))![1]!;
  const gateway = await startTestGateway(
    yaml
      .replace('4001', `${service.port}`)
      .replace('https://id.example.com/jwks.json', `http://127.0.0.1:${issuer.port}/`),
  );
  const status = async (claims: JWTPayload) =>
    (await gateway.get('/v2/x', bearer(await ec.sign(claims)))).status;
  expect(await status({ aud: 'https://api.example.com', scope: 'read' })).toBe(200);
  expect(await status({ aud: 'https://api.example.com' })).toBe(403);
  expect(await status({ scope: 'read' })).toBe(401);
});

test('any: a password or a token', async () => {
  const service = (await startService()).answer(ok('x'));
  const gateway = await startTestGateway(
    `routes:\n  /db: { to: ${service.port}, auth: { any: [{ basic: u.txt }, { jwt: { jwks: k.json, issuer: "${ISSUER}", audience: none } }] } }\n`,
    { files: { 'u.txt': usersFile({ bob: 'x' }), 'k.json': keys(ec) } },
  );
  const status = async (...fields: string[]) => (await gateway.get('/db/x', ...fields)).status;
  const seen = [await status(bearer(await ec.sign({ aud: 'any' }))), await status(basic('bob', 'x'))];
  expect(seen).toEqual([200, 200]);
  expect(await status(bearer('x'))).toBe(401);
});

test.each([
  ['{ issuer: a, audience: b }', 'jwks'],
  ['{ jwks: k.json, issuer: a }', 'audience'],
  ['{ jwks: k.json, issuer: a, audience: b, algorithms: HS256 }', 'can sign with it'],
  ['{ jwks: k.json, issuer: a, audience: b, algorithms: [none] }', 'can sign with it'],
  ['{ jwks: "ftp://x/y", issuer: a, audience: b }', 'https://'],
  ['{ jwks: "https://u:p@x/y", issuer: a, audience: b }', 'no password in a URL'],
  ['{ jwks: gone.json, issuer: a, audience: b }', 'auth.jwt.jwks'],
  ['{ jwks: gateway.config.yaml, issuer: a, audience: b }', 'no JSON'],
])('the configuration %s is refused where it stands', async (jwt, text) => {
  const folder = await configurationFolder(`routes:\n  /db: { to: 3001, auth: { jwt: ${jwt} } }\n`, {
    'k.json': keys(ec),
  });
  const loaded = await loadConfig(`${folder}/gateway.config.yaml`, {});
  expect(
    loaded.ok
      ? []
      : loaded.problems.map(({ path, expected, found, hint }) => `${path}: ${expected} ${found} ${hint}`),
  ).toEqual([expect.stringContaining(text)]);
});
