import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';
import { basic, usersFile } from '../testing/users-file.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const USERS = usersFile({ ann: 'secret: 1', bob: 'müller' });
const ASK = 'Basic realm="Portway", charset="UTF-8"';

describe.each(laneKinds)('auth: basic on $kind', ({ routes, files }) => {
  async function stage(...keys: string[]) {
    const service = (await startService()).answer((request) =>
      request.head.value('upgrade') ? Buffer.from(agreement(), 'latin1') : ok('x'),
    );
    const gateway = await startTestGateway(
      routes('/db', service.port, ...(keys.length > 0 ? keys : ['auth: { basic: ./users.txt }'])),
      { files: { ...files, 'users.txt': USERS } },
    );
    return { service, gateway };
  }

  test('who says nothing is told how to ask, and the service hears nothing of it', async () => {
    const { service, gateway } = await stage();
    const { status, head } = await gateway.get('/db/x');
    expect([status, head.values('www-authenticate')]).toEqual([401, [ASK]]);
    expect(head.value('cache-control')).toBe('no-store');
    expect(service.connections).toHaveLength(0);
    expect(await gateway.log.exchange(401)).toMatchObject({ policy: 'auth', code: 'unauthenticated' });
  });

  test('who proves it passes, and the service and the log know who it is', async () => {
    const { service, gateway } = await stage();
    for (const [name, password] of [
      ['ann', 'secret: 1'],
      ['bob', 'müller'],
      ['bob', 'mu\u0308ller'],
      ['ann', 'secret: 1'],
    ] as const) {
      const { status } = await gateway.get(
        '/db/x',
        basic(name, password),
        'X-Forwarded-User: root',
        'X_Forwarded_User: root',
      );
      expect(status).toBe(200);
      const { head } = service.requests.at(-1)!;
      expect(head.values('x-forwarded-user')).toEqual([name]);
      expect(head.value('x_forwarded_user')).toBeUndefined();
    }
    expect((await gateway.log.exchange(200)).user).toBe('ann');
  });

  test.each([
    ['a wrong password', [basic('ann', 'x')]],
    ['an unknown user', [basic('eve', 'secret: 1')]],
    ['no password', [basic('ann', '')]],
    ['two proofs', [basic('ann', 'secret: 1'), basic('ann', 'secret: 1')]],
    ['two proofs in one field', [`${basic('ann', 'secret: 1')}, Basic x`]],
    ['another scheme', [basic('ann', 'secret: 1').replace('Basic', 'Bearer')]],
    ['no base64', ['Authorization: Basic ann:secret']],
    ['base64 without its end', [basic('ann', 'secret: 1').replace(/=+$/, '').replace(/.$/, '')]],
    ['no colon', [`Authorization: Basic ${Buffer.from('ann').toString('base64')}`]],
    ['nothing behind the scheme', ['Authorization: Basic ']],
    ['an empty field', ['Authorization:']],
    ['the twin of the field', [basic('ann', 'secret: 1').replace('Authorization', 'Author_ization')]],
  ])('%s does not pass', async (_what, fields) => {
    const { service, gateway } = await stage();
    for (let i = 0; i < 2; i++) expect((await gateway.get('/db/x', ...fields)).status).toBe(401);
    expect(service.connections).toHaveLength(0);
    expect(gateway.log.text()).not.toMatch(/secret|YW5uOnNl/);
  });

  test('a handshake passes with a proof, and without one it is refused', async () => {
    const { service, gateway } = await stage();
    const client = await gateway.connect();
    await client.send(handshake('/db/x'));
    const refused = await client.head();
    expect([refused.startLine.slice(9, 12), refused.value('www-authenticate')]).toEqual(['401', ASK]);
    client.destroy();
    expect(service.connections).toHaveLength(0);
    const second = await gateway.connect();
    await second.send(handshake('/db/x', basic('ann', 'secret: 1')));
    expect((await second.head()).startLine).toContain(' 101 ');
    expect(service.requests.at(-1)!.head.values('x-forwarded-user')).toEqual(['ann']);
    second.destroy();
  });

  test('a body waits unread for the verdict', async () => {
    const { service, gateway } = await stage();
    const post = (proof: string) =>
      gateway.exchange(`POST /db/x HTTP/1.1\r\nHost: a\r\n${proof}\r\nContent-Length: 4\r\n\r\nbody`);
    expect((await post('X-A: 1')).status).toBe(401);
    expect((await post(basic('ann', 'secret: 1'))).status).toBe(200);
    expect(service.request.body.toString()).toBe('body');
  });

  test('exceptions pass, by path and by method, and no other spelling does', async () => {
    const { service, gateway } = await stage(
      'auth: { basic: ./users.txt, except: [/db/health, /db/public/, OPTIONS, GET /db/list] }',
    );
    const status = async (method: string, target: string, ...fields: string[]) => {
      const head = [`${method} ${target} HTTP/1.1`, 'Host: a', ...fields, '', ''];
      return (await gateway.exchange(head.join('\r\n'))).status;
    };
    for (const [method, target] of [
      ['GET', '/db/health'],
      ['GET', '/db/%68ealth?x=/db/secret'],
      ['POST', '/db/public/a/b'],
      ['OPTIONS', '/db/x'],
      ['GET', '/db/list'],
    ] as const)
      expect([target, await status(method, target)]).toEqual([target, 200]);
    expect(service.requests.at(-1)!.head.value('x-forwarded-user')).toBeUndefined();
    for (const [method, target] of [
      ['GET', '/db/health/x'],
      ['GET', '/db/healthy'],
      ['GET', '/db/public'],
      ['GET', '/db/public//../x'],
      ['GET', '/db/public/%2e%2e/x'],
      ['GET', '/db/public/..%2Fx'],
      ['GET', '/db/public//x'],
      ['GET', '/db/public/..;/x'],
      ['GET', '/db/public/;x'],
      ['GET', '/db/public%2Fx'],
      ['GET', '/db//health'],
      ['GET', '/db/HEALTH'],
      ['POST', '/db/list'],
      ['options', '/db/x'],
    ] as const)
      expect([target, [400, 401, 501].includes(await status(method, target))]).toEqual([target, true]);
    expect(await status('OPTIONS', '/db/x', 'X-HTTP-Method-Override: DELETE')).toBe(401);
    expect(service.requests).toHaveLength(5);
  });
});

test('auth: basic over HTTP/2', async () => {
  const service = (await startService()).answer(ok('x'));
  const { cert, key } = selfSigned('shop.test');
  const gateway = await startTestGateway(
    `tls: { certificates: { cert: a.crt, key: a.key } }\nroutes:\n  /db: { to: ${service.port}, auth: { basic: users.txt } }\n`,
    { files: { 'a.crt': cert, 'a.key': key, 'users.txt': USERS } },
  );
  const session = await connectH2(gateway.port);
  const refused = await exchangeH2(session, { ':path': '/db/x' });
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, ASK]);
  const authorization = basic('ann', 'secret: 1').slice('Authorization: '.length);
  expect((await exchangeH2(session, { ':path': '/db/x', authorization })).status).toBe(200);
  expect(service.request.head.values('x-forwarded-user')).toEqual(['ann']);
});

describe('the file of users', () => {
  async function stage() {
    const service = (await startService()).answer(ok('x'));
    const yaml = `routes:\n  /db: { to: ${service.port}, auth: { basic: ./users.txt } }\n`;
    const gateway = await startTestGateway(yaml, { files: { 'users.txt': USERS } });
    const file = join(dirname(gateway.configFile), 'users.txt');
    const status = async (name: string, password: string) =>
      (await gateway.get('/db/x', basic(name, password))).status;
    return { gateway, file, status, yaml };
  }

  test('is followed: who is added passes, who is removed does not, without a reload', async () => {
    const { gateway, file, status } = await stage();
    expect([await status('ann', 'secret: 1'), await status('eve', 'new')]).toEqual([200, 401]);
    await writeFile(file, usersFile({ eve: 'new' }));
    await gateway.log.find('change', ({ msg }) => msg === 'the changed file is in use');
    expect([await status('ann', 'secret: 1'), await status('eve', 'new')]).toEqual([401, 200]);
  });

  test('changes nothing when it is broken or gone', async () => {
    const { gateway, file, status } = await stage();
    await writeFile(file, 'ann:secret\n');
    await gateway.log.find('rejection', ({ msg }) => `${msg}`.includes('was rejected'));
    expect(await status('ann', 'secret: 1')).toBe(200);
    expect(gateway.log.text()).not.toContain('ann:secret');
    await rm(file);
    expect(await status('bob', 'müller')).toBe(200);
  });

  test('keeps what is known of it over a reload of the configuration', async () => {
    const { gateway, status, yaml } = await stage();
    expect(await status('ann', 'secret: 1')).toBe(200);
    await gateway.editAndReload(`${yaml}maxConnections: 99\n`);
    expect(await status('ann', 'secret: 1')).toBe(200);
    await gateway.editAndReload(yaml.replace(/, auth.*\}/, ' }'));
    expect(await status('ann', 'wrong')).toBe(200);
  });
});
