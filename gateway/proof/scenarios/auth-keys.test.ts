import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { loadConfig } from '../../config/load.ts';
import { configurationFolder, startTestGateway } from '../testing/gateway.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { basic, keysFile, usersFile } from '../testing/users-file.ts';
import { handshake } from '../testing/websocket.ts';

const FILES = {
  'keys.txt': keysFile({ ci: 'pw_one', 'ops@x': 'pw_two' }) + keysFile({ ci: 'pw_three' }),
  'users.txt': usersFile({ ann: 'secret' }),
};

describe.each(laneKinds)('auth: keys on $kind', ({ routes, files }) => {
  async function stage(auth: string) {
    const service = (await startService()).answer(ok('x'));
    const gateway = await startTestGateway(routes('/db', service.port, `auth: ${auth}`), {
      files: { ...files, ...FILES },
    });
    const status = async (...fields: string[]) => (await gateway.get('/db/x', ...fields)).status;
    return { service, gateway, status };
  }

  test('each key passes under its name, and none under another', async () => {
    const { service, gateway, status } = await stage('{ keys: keys.txt }');
    for (const [key, name] of [
      ['pw_one', 'ci'],
      ['pw_two', 'ops@x'],
      ['pw_three', 'ci'],
    ] as const) {
      expect(await status(`X-Api-Key: ${key}`)).toBe(200);
      expect(service.requests.at(-1)!.head.values('x-forwarded-user')).toEqual([name]);
    }
    const refused = await gateway.get('/db/x');
    expect(refused.status).toBe(401);
    expect(refused.head.values('www-authenticate')).toEqual(['ApiKey realm="Portway", header="X-API-Key"']);
    for (const fields of [
      ['X-API-Key: pw_four'],
      ['X-API-Key: '],
      ['X-API-Key: pw_one', 'X-API-Key: pw_two'],
      ['X-API-Key: pw_one, pw_two'],
      ['X_API_Key: pw_one'],
      ['X-API-Key: pw_one', 'Connection: X-API-Key'],
      ['Authorization: Bearer pw_one'],
    ])
      expect([fields, await status(...fields)]).toEqual([fields, 401]);
    expect(service.requests).toHaveLength(3);
    expect(gateway.log.text()).not.toContain('pw_');
  });

  test('a service never sees a twin of the field that was judged', async () => {
    const { service, status } = await stage('{ keys: keys.txt }');
    expect(await status('X-API-Key: pw_one', 'X_API_Key: pw_two', 'X-API_key: pw_two')).toBe(200);
    const { head } = service.request;
    const seen = [head.values('x-api-key'), head.values('x_api_key'), head.values('x-api_key')];
    expect(seen).toEqual([['pw_one'], [], []]);
  });

  test('a key comes in the field that was named, or as a bearer token', async () => {
    const { gateway, status } = await stage('{ keys: keys.txt, header: X-Token, bearer: on }');
    expect(await status('X-Token: pw_one')).toBe(200);
    expect(await status('Authorization: bearer  pw_two')).toBe(200);
    expect(await status('X-Token: pw_no', 'Authorization: Bearer pw_two')).toBe(401);
    expect(await status('Authorization: Bearer pw_two', 'Authorization: Bearer pw_two')).toBe(401);
    expect((await gateway.get('/db/x')).head.values('www-authenticate')).toEqual(['Bearer realm="Portway"']);
  });

  test('any: one proof is enough; without one the answer tells all ways to ask', async () => {
    const { service, gateway, status } = await stage('{ any: [{ keys: keys.txt }, { basic: users.txt }] }');
    expect([await status('X-API-Key: pw_one'), await status(basic('ann', 'secret'))]).toEqual([200, 200]);
    expect(service.requests.map(({ head }) => head.value('x-forwarded-user'))).toEqual(['ci', 'ann']);
    expect(await status('X-API-Key: no', basic('ann', 'no'))).toBe(401);
    const ways = (await gateway.get('/db/x')).head.values('www-authenticate').join();
    expect(ways).toMatch(/^ApiKey .*Basic /);
  });

  test('all: every proof is needed, and the first says who it is', async () => {
    const { service, status } = await stage('{ all: [{ basic: users.txt }, { keys: keys.txt }] }');
    expect(await status('X-API-Key: pw_one')).toBe(401);
    expect(await status(basic('ann', 'secret'))).toBe(401);
    expect(service.connections).toHaveLength(0);
    expect(await status('X-API-Key: pw_one', basic('ann', 'secret'))).toBe(200);
    expect(service.request.head.values('x-forwarded-user')).toEqual(['ann']);
  });

  test('a handshake needs it, too', async () => {
    const { service, gateway } = await stage('{ keys: keys.txt }');
    const client = await gateway.connect();
    await client.send(handshake('/db/x', 'X-API-Key: no'));
    expect((await client.head()).startLine).toContain(' 401 ');
    client.destroy();
    expect(service.connections).toHaveLength(0);
  });
});

test.each([
  ['max-age=60', 'keys: keys.txt', 'alice'],
  ['max-age=60', 'keys: keys.txt, header: Authorization, except: GET /open', 'alice'],
  ['public, max-age=60', 'keys: keys.txt', 'bob'],
  // Each user has a variant of it.
  ['public, max-age=60', 'keys: keys.txt', 'alice', 'X-Forwarded-User'],
])(
  'beside a cache, what says %s is given to others only where it is for everybody: %s',
  async (said, auth, last, vary = 'X-Other') => {
    const service = (await startService()).answer(({ head }) =>
      ok(
        head.value('x-forwarded-user') === 'ci' ? 'bob' : 'alice',
        `Cache-Control: ${said}`,
        `Vary: ${vary}`,
      ),
    );
    const remove = 'headers: { request: { remove: [Authorization, X-API-Key] } }';
    const yaml = `routes:\n  /db: { to: ${service.port}, cache: true, auth: { ${auth} }, ${remove} }\n`;
    const gateway = await startTestGateway(yaml, { files: FILES });
    const name = auth.includes('Authorization') ? 'Authorization' : 'X-API-Key';
    expect((await gateway.get('/db/x', `${name}: pw_one`)).text).toBe('bob');
    expect((await gateway.get('/db/x', `${name}: pw_two`)).text).toBe(last);
  },
);

test('what a trusted proxy says of who asks does not reach a service that its route asks itself', async () => {
  const service = (await startService()).answer(ok('x'));
  const yaml = `trustProxy: loopback\nroutes:\n  /db: { to: ${service.port}, auth: { keys: keys.txt, except: /db/open } }\n`;
  const gateway = await startTestGateway(yaml, { files: FILES });
  for (const fields of [[], ['X-API-Key: pw_one']])
    expect((await gateway.get('/db/open', 'X-Forwarded-User: root', ...fields)).status).toBe(200);
  expect(service.requests.flatMap(({ head }) => head.values('x-forwarded-user'))).toEqual([]);
});

test('a route has auth from the top level, and may switch it off', async () => {
  const service = (await startService()).answer(ok('x'));
  const yaml = `auth: { keys: keys.txt }\nroutes:\n  /db: ${service.port}\n  /open: { to: ${service.port}, auth: off }\n`;
  const gateway = await startTestGateway(yaml, { files: FILES });
  expect([(await gateway.get('/db/x')).status, (await gateway.get('/open/x')).status]).toEqual([401, 200]);
});

describe('the configuration of auth', () => {
  const problems = async (auth: string) => {
    const folder = await configurationFolder(`routes:\n  /db: { to: 3001, auth: ${auth} }\n`, {
      ...FILES,
      'broken.txt': 'ann:$2y$05$abcdefghijklmnopqrstuv\n',
    });
    const loaded = await loadConfig(`${folder}/gateway.config.yaml`, {});
    return loaded.ok ? [] : loaded.problems.map(({ path, found, hint }) => `${path}: ${found}; ${hint}`);
  };

  test.each([
    ['{}', 'routes./db.auth: '],
    ['{ realm: x }', 'how those who ask prove it'],
    ['{ basic: users.txt, keys: keys.txt }', 'any: or all:'],
    ['{ basic: users.txt, header: X }', 'no meaning beside basic'],
    ['{ any: [{ basic: users.txt, bearer: on }] }', 'no meaning beside basic'],
    ['{ any: [] }', 'routes./db.auth.any'],
    ['{ basic: nowhere.txt }', 'routes./db.auth.basic: no file of that name'],
    ['{ basic: broken.txt }', 'a bcrypt hash, which is not checked here, in line 1'],
    ['{ basic: keys.txt }', 'no hash of a password in line 1'],
    ['{ any: [{ basic: users.txt }, { keys: users.txt }] }', 'routes./db.auth.any[1].keys'],
    ['{ basic: users.txt, except: [/a?b] }', 'a path alone'],
    ['{ basic: users.txt, except: /a/../b }', 'without dot segments'],
    ['{ basic: users.txt, except: [GET /a /b] }', 'one method and one path'],
  ])('%s is refused where it stands', async (auth, text) => {
    const found = await problems(auth);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(text);
  });

  test('the examples of docs/auth.md are good ones, and do what they say', async () => {
    const page = readFileSync(new URL('../../../docs/auth.md', import.meta.url), 'utf8');
    const service = (await startService()).answer(ok('x'));
    const yaml = /```yaml\n(.*?)```/s.exec(page)![1]!.replaceAll(/\b[34]00[01]\b/g, String(service.port));
    const gateway = await startTestGateway(yaml, { files: FILES });
    const status = async (target: string, ...fields: string[]) =>
      (await gateway.get(target, ...fields)).status;
    expect([await status('/db/x'), await status('/db/x', basic('ann', 'secret'))]).toEqual([401, 200]);
    expect([await status('/api/x'), await status('/api/x', 'X-API-Key: pw_one')]).toEqual([401, 200]);
    expect([await status('/both/x'), await status('/both/health')]).toEqual([401, 200]);
    const seen = [await status('/both/x', 'X-API-Key: pw_one'), await status('/both/public/a')];
    expect(seen).toEqual([200, 200]);
  });
});
