import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { compileOidc } from '../../policy/auth/oidc/keys.ts';
import { identityOf, Seal } from '../../policy/auth/oidc/seal.ts';
import { ALL_PAIRS } from '../testing/all-pairs.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { connectSettledH2, exchangeH2, WEBSOCKET } from '../testing/h2-client.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { laneKinds, type RouteKind } from '../testing/route-kinds.ts';
import { SHOP_TLS } from '../testing/self-signed.ts';
import { ok, reply, type ScriptedService, startService } from '../testing/service.ts';
import { basic, keysFile, usersFile } from '../testing/users-file.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const { yaml: TLS, files: SHOP } = SHOP_TLS;
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
const token = await new SignJWT({ sub: 'ann', iss: 'id', aud: 'shop' })
  .setProtectedHeader({ alg: 'ES256', kid: 'a' })
  .setExpirationTime('1h')
  .sign(privateKey);

const oidc = {
  issuer: 'https://id.example.com',
  clientId: 'shop',
  clientSecret: 'a-secret-of-thirty-two-characters',
};
const oidcSettings = compileOidc(oidc);
const session = await new Seal(oidcSettings, 'session').seal({
  ...{ loggedInAt: Date.now(), usedAt: Date.now(), refreshAt: null, refreshToken: null, idToken: null },
  ...{ subject: 'ann', user: 'ann', email: null, groups: [] },
});
const sessionCookie = `portway-oidc-${identityOf(oidcSettings).slice(0, 10)}-0=1.${session}`;

const GUARD = `export default async (fastify) => {
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-pass'] !== 'guard') return reply.code(401).send('who?');
  });
};`;

const FILES = {
  ...SHOP,
  'users.txt': usersFile({ ann: 'secret' }),
  'guard.mjs': GUARD,
  'keys.txt': keysFile({ ann: 'pw_one' }),
  'jwks.json': JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256' }] }),
};

const EXCEPT = 'except: [/db/public/, GET /db/health]';

/** Each with the proof that it asks for; `null`: nobody of this machine has one. */
const POLICIES: readonly (readonly [name: string, keys: string, proof: string | null])[] = [
  ['basic', `auth: { basic: users.txt, ${EXCEPT} }`, basic('ann', 'secret')],
  ['keys', `auth: { keys: keys.txt, ${EXCEPT} }`, 'X-API-Key: pw_one'],
  [
    'jwt',
    `auth: { jwt: { jwks: jwks.json, issuer: id, audience: shop }, ${EXCEPT} }`,
    `Authorization: Bearer ${token}`,
  ],
  [
    'forward',
    `auth: { forward: "http://127.0.0.1:ASKED/check", copy: X-Email, ${EXCEPT} }`,
    'Cookie: _oauth2_proxy=good',
  ],
  [
    'oidc',
    `auth: { oidc: ${JSON.stringify(oidc)}, ${EXCEPT} }`,
    `Cookie: ${sessionCookie}; __Host-${sessionCookie}`,
  ],
  ['allow', 'allow: 10.0.0.0/8', null],
  ['deny', 'deny: loopback', null],
];

/** Spellings of what is guarded, most of them of what looks like an exception. */
const TRICKS = [
  '/db',
  '/db/',
  '/db/secret',
  '/db/secret?/db/public/',
  '/%64b/secret',
  '/db//public/x',
  '//db/public/x',
  '/db/./public/x',
  '/db/public',
  '/db/Public/x',
  '/db/public/../secret',
  '/db/public/..',
  '/db/public/%2e%2e/secret',
  '/db/public/.%2E/secret',
  '/db/public/..;/secret',
  '/db/public/..;x=1/secret',
  '/db/public;/secret',
  '/db/public;/../secret',
  '/db/public%2Fx',
  '/db/public/..%2fsecret',
  '/db/public%2f..%2fsecret',
  '/db/public/..%5csecret',
  '/db/public\\..\\secret',
  '/db/public/\\..\\secret',
  '/db/public/%00/../secret',
  '/db/public/%zz',
  '/db/public//../secret',
  '/db/public//secret',
  '/db%2Fpublic/x',
  '/db/health/',
  '/db/health;x',
  '/db/health%2F',
  '/db/health%3B',
  '/db/health/../secret',
  '/db/health%20',
];

/** The same below the name of the route. */
const NAMED_TRICKS = TRICKS.map((path) => path.replace(/^\/(?:db|%64b)/, '') || '/');

/** What a stranger says in the place of a proof. */
const CLAIMS = [
  'X-Forwarded-User: ann',
  'X_Forwarded_User: ann',
  'X-Forwarded-For: 10.0.0.1',
  'X-Original-URL: /db/public/x',
  'X-Auth-Request-User: ann',
  'X-Rewrite-URL: /db/public/x',
];

/** By this a service knows what these tests ask: whatever else runs on the machine may ask any port, `portway init` among them. */
const MARK = 'X-Asked: bypass';

/** What of it has come to the service. */
const arrived = ({ requests }: ScriptedService) => requests.filter(({ head }) => head.has('x-asked'));

const reaches = (status: number) => status >= 100 && status < 300;

async function stage({ routes, files }: RouteKind, keys: string, mode: 'development' | 'production') {
  const service = (await startService()).answer(({ head }) =>
    head.value('upgrade') ? Buffer.from(agreement(), 'latin1') : ok('x', 'Cache-Control: public, max-age=60'),
  );
  const asked = (await startService()).answer(({ head }) =>
    head.value('cookie') === '_oauth2_proxy=good' ? reply(202, []) : reply(401, []),
  );
  const yaml = TLS + routes('/db', service.port, keys.replace('ASKED', `${asked.port}`));
  const gateway = await startTestGateway(yaml, { mode, files: { ...FILES, ...files } });
  return { service, gateway };
}

/** The status of the first head that comes back. */
async function statusOf(gateway: TestGateway, bytes: string): Promise<number> {
  const client = await gateway.connect();
  await client.send(bytes);
  const { status } = await client.head();
  client.destroy();
  return status;
}

async function statusOfStream(session: ClientHttp2Session, path: string, more: object): Promise<number> {
  try {
    return (await exchangeH2(session, { ':path': path, ...more })).status;
  } catch {
    // It was reset.
    return 400;
  }
}

async function connectStatus(session: ClientHttp2Session, path: string, more: object): Promise<number> {
  const stream = session.request({ ...WEBSOCKET, ':path': path, ...more });
  try {
    const [fields] = (await once(stream, 'response')) as [{ ':status'?: number }];
    return Number(fields[':status']);
  } catch {
    return 400;
  } finally {
    stream.on('error', () => {}).destroy();
  }
}

const asObject = (fields: readonly string[]) =>
  Object.fromEntries(fields.map((field) => field.split(/: (.*)/s, 2) as [string, string]));

/** One session of each kind takes all the targets: a handshake for each would be most of the time. */
class Sessions {
  readonly #gateway: TestGateway;
  readonly #open = new Map<string, ClientHttp2Session>();

  constructor(gateway: TestGateway) {
    this.#gateway = gateway;
  }

  async of(scheme: 'http' | 'https'): Promise<ClientHttp2Session> {
    const known = this.#open.get(scheme);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = await connectSettledH2(this.#gateway.port, scheme);
    this.#open.set(scheme, session);
    return session;
  }

  destroy(): void {
    for (const session of this.#open.values()) session.destroy();
  }
}

/** Each way in: the status that a target gets there. */
function waysIn(gateway: TestGateway, host: readonly string[], sessions: Sessions) {
  const own = asObject(host.map((field) => field.replace('Host', ':authority')));
  const overH2 = async (
    scheme: 'http' | 'https',
    ask: typeof connectStatus,
    path: string,
    fields: readonly string[],
  ) => {
    const session = await sessions.of(scheme);
    return ask(session, path, { ...own, ...asObject(fields) });
  };
  type Way = (path: string, ...fields: string[]) => Promise<number>;
  return {
    request: (path, ...fields) => statusOf(gateway, get(path, ...host, ...fields)),
    absolute: (path, ...fields) =>
      statusOf(
        gateway,
        get(`http://${(host[0] ?? 'Host: gateway.test').slice(6)}${path}`, ...host, ...fields),
      ),
    upgrade: (path, ...fields) => statusOf(gateway, handshake(path, ...host, ...fields)),
    h2: (path, ...fields) => overH2('https', statusOfStream, path, fields),
    h2c: (path, ...fields) => overH2('http', statusOfStream, path, fields),
    'a WebSocket over h2c': (path, ...fields) => overH2('http', connectStatus, path, fields),
  } satisfies Record<string, Way>;
}

/** All targets by all ways in, that reached the service or were answered as if they had. */
async function through(
  gateway: TestGateway,
  service: ScriptedService,
  targets: readonly string[],
  host: readonly string[],
  ...fields: string[]
): Promise<string[]> {
  const found: string[] = [];
  const sessions = new Sessions(gateway);
  for (const [name, ask] of Object.entries(waysIn(gateway, host, sessions)))
    for (const target of targets) {
      const before = arrived(service).length;
      const status = await ask(target, ...fields, MARK);
      if (reaches(status) || arrived(service).length > before) found.push(`${name} ${target}: ${status}`);
    }
  sessions.destroy();
  return found;
}

/** By no spelling and no way in is there more of a limit that is spent. @param named in development, by its name and by the way back, too */
async function expectLimited(gateway: TestGateway, service: ScriptedService, named: boolean): Promise<void> {
  const host = ['Host: localhost'];
  expect(await through(gateway, service, [...TRICKS, '/db/public/x'], host, ...CLAIMS)).toEqual([]);
  const sessions = new Sessions(gateway);
  for (const ask of Object.values(waysIn(gateway, host, sessions)))
    expect(await ask('/db/secret', MARK)).toBe(429);
  sessions.destroy();
  if (!named) return;
  expect(await through(gateway, service, NAMED_TRICKS, ['Host: db.localhost'], ...CLAIMS)).toEqual([]);
  const back = [...host, 'Referer: http://localhost/db/', MARK];
  for (const bytes of [get('/secret', ...back), handshake('/secret', ...back)])
    expect(reaches(await statusOf(gateway, bytes))).toBe(false);
}

const cached: RouteKind = {
  ...laneKinds[0]!,
  kind: 'a cached route',
  routes: (key, to, ...keys) => laneKinds[0]!.routes(key, to, 'cache: true', ...keys),
};

const [plain, ...others] = [...laneKinds, cached];

/**
 * Policies judge before the lanes part. A plain route tries what each policy accepts as a proof and as an exception; the other kinds try the
 * way to a policy: by one that waits (basic), and by two that do not, of which one refuses all (deny) and one lets the first pass (rateLimit).
 * `npm run test:long` has all pairs.
 */
const isTried = ({ kind }: RouteKind, policy: string) =>
  kind === plain!.kind || ['basic', 'deny', 'rateLimit by ip'].includes(policy) || ALL_PAIRS;

describe.each([plain!, ...others])('nobody passes without the proof, on $kind', (kind) => {
  describe.each(POLICIES.filter(([name]) => isTried(kind, name)))('%s', (_name, keys, proof) => {
    test('by any spelling and any way in', async () => {
      const { service, gateway } = await stage(kind, keys, 'production');
      if (proof !== null) {
        // What is kept of it must not be given to the next who asks.
        const ways = await through(gateway, service, ['/db/secret'], [], proof);
        expect(ways).toHaveLength(6);
      }
      expect(await through(gateway, service, TRICKS, [], ...CLAIMS)).toEqual([]);
      const before = arrived(service).length;
      const override = await statusOf(gateway, get('/db/health', MARK, 'X-HTTP-Method-Override: DELETE'));
      const pipelined = await gateway.connect();
      await pipelined.send(
        get('/db/health', MARK) + get('/db/secret', MARK, ...CLAIMS) + handshake('/db/secret', MARK),
      );
      const first = (await pipelined.answer()).status;
      expect([override, (await pipelined.answer()).status, first === 200]).toEqual(
        proof === null ? [403, 403, false] : [401, 401, true],
      );
      expect((await pipelined.head()).status).toBe(proof === null ? 403 : 401);
      pipelined.destroy();
      const targets = arrived(service)
        .slice(before)
        .map(({ target }) => target);
      expect(targets).toEqual(proof === null ? [] : ['/health']);
    });

    test('by its name, or by the way back of what escaped', async () => {
      const { service, gateway } = await stage(kind, keys, 'development');
      const host = ['Host: db.localhost'];
      const all = [...NAMED_TRICKS, ...TRICKS, '/db/public/x', '/db/health'];
      expect(await through(gateway, service, all, host, ...CLAIMS)).toEqual([]);
      const back = ['Host: localhost', 'Referer: http://localhost/db/', MARK];
      for (const path of ['/secret', '/public/../secret', '/public/..;/secret', '/public//secret'])
        for (const bytes of [get(path, ...back), handshake(path, ...back)])
          expect([path, reaches(await statusOf(gateway, bytes))]).toEqual([path, false]);
      expect(arrived(service)).toEqual([]);
      if (proof === null) return;
      expect(await statusOf(gateway, get('/public/x', ...host))).toBe(200);
      expect(await statusOf(gateway, get('/secret', ...host, proof))).toBe(200);
    });
  });

  test.each(['ip', 'header X-Tenant'].filter((by) => isTried(kind, `rateLimit by ${by}`)))(
    'rateLimit by %s: once it is spent, no spelling and no way in has a count of its own',
    async (by) => {
      const limit = `rateLimit: { rate: 1/d, by: ${by} }`;
      for (const mode of ['production', 'development'] as const) {
        const { service, gateway } = await stage(kind, limit, mode);
        expect(await statusOf(gateway, get('/db/first', 'Host: localhost', MARK))).toBe(200);
        await expectLimited(gateway, service, mode === 'development');
        expect(arrived(service)).toHaveLength(1);
      }
    },
  );
});

const limited = [plain!, ...others].filter((kind) => isTried(kind, 'a limit'));

describe.each(limited)('nobody passes beside a limit, on $kind', (kind) => {
  test('concurrent: while all places are taken, no spelling and no way in has another', async () => {
    for (const mode of ['production', 'development'] as const) {
      const { service, gateway } = await stage(kind, 'concurrent: 1', mode);
      const holder = await gateway.connect();
      await holder.send(handshake('/db/held', 'Host: localhost'));
      expect((await holder.head()).status).toBe(101);
      await expectLimited(gateway, service, mode === 'development');
      expect(arrived(service)).toEqual([]);
      holder.destroy();
    }
  });

  test('bandwidth: while a party is far ahead, no spelling and no way in goes on', async () => {
    const { service, gateway } = await stage(
      kind,
      'bandwidth: { requests: 4KiB/s, burst: 4KiB }',
      'production',
    );
    const ahead = await gateway.connect();
    const length = 256 * 1024;
    // A piece at the least goes at once, which takes longer than any request waits.
    await ahead.send(`POST /db/up HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`);
    await ahead.send(Buffer.alloc(length));
    const host = ['Host: localhost'];
    await until('it is ahead', async () => (await statusOf(gateway, get('/db/x', ...host))) === 429);
    await expectLimited(gateway, service, false);
    expect(arrived(service)).toEqual([]);
    ahead.destroy();
  });

  test('cors: a page of a stranger opens no WebSocket', async () => {
    const evil = ['Origin: https://evil.test', ...CLAIMS, MARK];
    for (const [mode, host, targets] of [
      ['production', [], ['/db/', '/%64b/x', '/db/x//y;z%2F', '/db/public/..;/x']],
      ['development', ['Host: db.localhost'], ['/', '/x//y;z%2F']],
      ['development', ['Host: localhost', 'Referer: http://localhost/db/'], ['/x', '/x//y;z%2F']],
    ] as const) {
      const { service, gateway } = await stage(kind, 'cors: { origins: https://app.test }', mode);
      for (const target of targets) {
        expect(reaches(await statusOf(gateway, handshake(target, ...host, ...evil)))).toBe(false);
        const session = await connectSettledH2(gateway.port, 'http');
        const fields = asObject([...host.map((field) => field.replace('Host', ':authority')), ...evil]);
        expect(reaches(await connectStatus(session, target, fields))).toBe(false);
        session.destroy();
      }
      expect(arrived(service)).toEqual([]);
    }
  });
});

describe.each(laneKinds)('nobody passes by a hook, on $kind', (kind) => {
  test('of a plugin, by any spelling and any way in', async () => {
    for (const [mode, host, targets] of [
      ['production', [], [...TRICKS, '/db/public/x', '/db/health']],
      ['development', ['Host: db.localhost'], ['/', '/secret', '/public/..;/x', '/x//y;z%2F']],
    ] as const) {
      const { service, gateway } = await stage(kind, 'use: [./guard.mjs]', mode);
      expect(await through(gateway, service, targets, host, ...CLAIMS)).toEqual([]);
      const proof = 'X-Pass: guard';
      expect(await through(gateway, service, [targets[1]!], host, proof)).toHaveLength(6);
      expect(await through(gateway, service, [targets[1]!], host)).toEqual([]);
    }
  });
});
