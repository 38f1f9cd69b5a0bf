import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { TlsFiles } from '../../listener/tls-files.ts';
import { hashKey } from '../../policy/auth/api-keys/api-keys.ts';
import type { KeyPair } from '../../tls/key-pair.ts';
import type { TlsSettings } from '../../tls/settings.ts';
import { findChromium, launchBrowser, openPage } from '../testing/browser.ts';
import { configurationFolder, startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { type Answer, connect, get, request } from '../testing/raw-client.ts';
import { connectSecurely, shownCertificate } from '../testing/secure-client.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';

const executable = findChromium();
const KEY = 'pw_a-key-of-ops';
const PAGE = 'Accept: text/html';
const HOST = 'Host: 127.0.0.1:3900';
const FORM = 'Content-Type: application/x-www-form-urlencoded';

interface Stage {
  readonly gateway: TestGateway;
  readonly yaml: string;
  ask(method: string, target: string, ...fields: string[]): Promise<Answer>;
  login(key: string, ...fields: string[]): Promise<Answer>;
}

async function stage(admin = '', files: Readonly<Record<string, string>> = {}, more = ''): Promise<Stage> {
  const service = (await startService()).answer((asked) => ok(asked.head.value('cookie') ?? 'no cookie'));
  const yaml = `admin: { host: 0.0.0.0, token: keys.txt${admin} }\nroutes:\n  /db: ${service.port}\nallowedHosts: [gw.internal]\n${more}`;
  const gateway = await startTestGateway(yaml, { files: { 'keys.txt': `ops:${hashKey(KEY)}\n`, ...files } });
  const ask = async (method: string, target: string, ...fields: string[]) => {
    const client = await connect(gateway.adminPort);
    const host = fields.some((field) => field.startsWith('Host:')) ? [] : [HOST];
    return client.exchange(request(method, target, [...host, ...fields]));
  };
  return {
    gateway,
    yaml,
    ask,
    login: async (key, ...fields) => {
      const body = `token=${encodeURIComponent(key)}`;
      const client = await connect(gateway.adminPort);
      return client.exchange(request('POST', '/login', [HOST, FORM, ...fields], body));
    },
  };
}

const bearer = (key = KEY) => `Authorization: Bearer ${key}`;

function cookieOf(answer: Answer): string {
  return (answer.head.value('set-cookie') ?? '').split(';', 1)[0]!;
}

describe('an admin listener that speaks TLS', () => {
  const [shop, renewed] = [selfSigned('shop.test'), selfSigned('renewed.test')];
  const files = { 'shop.crt': shop.cert, 'shop.key': shop.key };
  const OWN = ', tls: { cert: shop.crt, key: shop.key }';
  /** An address of this machine that is not the loopback one; `null`: it has none. */
  const elsewhere =
    Object.values(networkInterfaces())
      .flatMap((one) => one ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? null;

  test('is asked, logged in to and followed over it, beside plain HTTP for this machine', async () => {
    const { gateway, ask } = await stage(OWN, files);
    expect(await shownCertificate(gateway.adminPort, 'shop.test')).toBe('shop.test');
    const client = await connectSecurely(gateway.adminPort, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(client.socket.alpnProtocol).toBe('http/1.1');
    expect((await client.exchange(get('/status', HOST))).status).toBe(401);
    expect((await client.exchange(get('/status', HOST, bearer()))).status).toBe(200);
    const form = request('POST', '/login', [HOST, FORM, 'Origin: https://127.0.0.1:3900'], `token=${KEY}`);
    expect((await client.exchange(form)).head.value('set-cookie')).toMatch(/; Secure$/);
    expect((await ask('GET', '/status', bearer())).status).toBe(200);
    const events = await connectSecurely(gateway.adminPort);
    await events.send(get('/events', HOST, bearer()));
    await events.until('event: status');
    expect(gateway.log.records.filter(({ msg }) => String(msg).includes('without TLS'))).toEqual([]);
    const folder = dirname(gateway.configFile);
    await writeFile(join(folder, 'shop.key'), renewed.key);
    await writeFile(join(folder, 'shop.crt'), renewed.cert);
    const holds = async () => (await shownCertificate(gateway.adminPort, 'shop.test')) === 'renewed.test';
    await until('it shows the new one', holds);
  });

  test('bounds handshakes and half requests as it bounds connections, and its probes get through', async () => {
    const { gateway } = await stage(OWN, files);
    const held = await Promise.all(Array.from({ length: 40 }, () => connect(gateway.adminPort)));
    for (const one of held.slice(0, 20)) await one.send(Buffer.from([0x16, 3, 1, 2]));
    for (const one of held.slice(20)) await one.send('GET /st');
    const client = await connectSecurely(gateway.adminPort);
    expect((await client.exchange(get('/healthz', HOST))).status).toBe(200);
    for (const one of held.slice(0, 9)) await one.ending();
    for (const one of held) one.destroy();
  });

  test('takes the certificates of the gateway, and those of a reload', async () => {
    const { gateway, yaml } = await stage(
      ', tls: true',
      { ...files, 'new.crt': renewed.cert, 'new.key': renewed.key },
      GATEWAYS,
    );
    expect(await shownCertificate(gateway.adminPort, 'shop.test')).toBe('shop.test');
    await gateway.editAndReload(yaml.replaceAll('shop.', 'new.'));
    const holds = async () => (await shownCertificate(gateway.adminPort, 'shop.test')) === 'renewed.test';
    await until('it shows the new one', holds);
  });

  describe('follows files', () => {
    const one = '{ cert: shop.crt, key: shop.key }';
    const config = async (certificates: string) => {
      const yaml = `admin: { tls: ${certificates} }\nroutes:\n  /db: 3001\n`;
      const file = join(await configurationFolder(yaml, files), 'gateway.config.yaml');
      const loaded = await loadConfig(file, {});
      if (!loaded.ok) throw new Error('the configuration is none');
      return loaded.config;
    };
    const following = () => {
      const used: (readonly KeyPair[])[] = [];
      const use = (settings: TlsSettings | null) => void used.push(settings?.pairs ?? []);
      const followed = new TlsFiles(pino({ level: 'silent' }), {}, use, ({ admin }) => admin?.tls ?? null);
      onTestFinished(() => followed.stop());
      return { used, followed };
    };

    test('of the newest configuration, however long those of the one before it take', async () => {
      const { used, followed } = following();
      const [many, few] = await Promise.all([config(`[${Array(20).fill(one)}]`), config(one)]);
      await Promise.all([followed.follow(many), followed.follow(few)]);
      const late = followed.follow(many);
      followed.stop();
      await late;
      expect(used.map(({ length }) => length)).toEqual([1]);
    });

    test('on, after a reload right behind a change of them', async () => {
      const { used, followed } = following();
      const shown = await config(one);
      const folder = dirname(shown.file);
      await followed.follow(shown);
      await writeFile(join(folder, 'shop.crt'), `\n${shop.cert}`);
      // It has been noticed, and the key is given its time.
      await setTimeout(150);
      await followed.follow(shown);
      await writeFile(join(folder, 'shop.key'), renewed.key);
      await writeFile(join(folder, 'shop.crt'), renewed.cert);
      await until('the renewed one is used', () => used.at(-1)?.[0]?.names.includes('renewed.test') === true);
    });
  });
  const GATEWAYS = 'tls: { certificates: { cert: shop.crt, key: shop.key } }\n';

  test.skipIf(elsewhere === null)(
    'leads other machines to it, and refuses their keys in the clear',
    async () => {
      const { gateway } = await stage(OWN, files);
      const from = async (method: string, target: string, ...fields: string[]) => {
        const client = await connect(gateway.adminPort, { host: elsewhere! });
        return client.exchange(request(method, target, [HOST, ...fields]));
      };
      const led = await from('GET', '/status?x=1');
      expect([led.status, led.head.value('location')]).toEqual([308, 'https://127.0.0.1:3900/status?x=1']);
      const absolute = await from('GET', 'http://evil.example/status?x=1');
      expect(absolute.head.value('location')).toBe('https://127.0.0.1:3900/status?x=1');
      expect((await from('GET', '/status', bearer())).status).toBe(403);
      expect((await from('POST', '/login')).status).toBe(403);
      const rebound = await connect(gateway.adminPort, { host: elsewhere! });
      expect((await rebound.exchange(get('/status', 'Host: evil.example'))).status).toBe(421);
      const client = await connectSecurely(gateway.adminPort, { host: elsewhere! });
      expect((await client.exchange(get('/status', HOST, bearer()))).status).toBe(200);
    },
  );

  test.each([
    ['tls: true', /1:\d+ {2}admin\.tls .*certificates.*neither/s],
    ['tls: { cert: none.crt, key: shop.key }', /1:\d+ .*admin\.tls.*none\.crt|a certificate chain in PEM/s],
  ])('is refused at the start with %s that is not there', async (tls, says) => {
    const yaml = `admin: { host: 0.0.0.0, token: keys.txt, ${tls} }\nroutes:\n  /db: 3001\n`;
    const given = { ...files, 'keys.txt': `ops:${hashKey(KEY)}\n` };
    await expect(startTestGateway(yaml, { files: given })).rejects.toThrow(says);
  });
});

describe('an admin listener that other machines reach', () => {
  test('tells nobody anything without a key, but probes', async () => {
    const { ask } = await stage();
    const paths = ['/status', '/config', '/metrics', '/exchanges', '/events', '/services', '/nothing', '/'];
    for (const path of paths) expect((await ask('GET', path)).status, path).toBe(401);
    expect((await ask('POST', '/workers/replace')).status).toBe(401);
    expect((await ask('DELETE', '/cache?prefix=/')).status).toBe(401);
    expect((await ask('GET', '/healthz')).status).toBe(200);
    expect((await ask('GET', '/readyz')).status).toBe(200);
  });

  test('takes a key as bearer, for what is of this machine alone otherwise, too', async () => {
    const { ask } = await stage();
    for (const path of ['/status', '/metrics', '/exchanges', '/services'])
      expect((await ask('GET', path, bearer())).status, path).toBe(200);
    expect((await ask('GET', '/status', bearer('pw_another'))).status).toBe(401);
    expect((await ask('GET', `/status?token=${KEY}`)).status).toBe(401);
  });

  test('leads a browser to a form, whose cookie no script reads', async () => {
    const { ask, login, gateway } = await stage();
    const led = await ask('GET', '/', PAGE);
    expect([led.status, led.head.value('location')]).toEqual([303, '/login']);
    const form = await ask('GET', '/login', PAGE);
    expect(form.text).toContain('<form method="post" action="/login">');
    expect(form.head.value('content-security-policy')).toContain("form-action 'self'");
    const wrong = await login('pw_wrong');
    expect([wrong.status, wrong.head.value('set-cookie')]).toEqual([401, undefined]);
    const right = await login(KEY);
    expect([right.status, right.head.value('location')]).toEqual([303, '/']);
    expect(right.head.value('set-cookie')).toMatch(
      /^portway-admin=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    );
    const cookie = `Cookie: a=b; ${cookieOf(right)}`;
    expect((await ask('GET', '/', PAGE, cookie)).status).toBe(200);
    expect(JSON.parse((await ask('GET', '/session', cookie)).text)).toEqual({ user: 'ops', readOnly: false });
    expect((await ask('POST', '/logout', cookie)).status).toBe(303);
    expect((await ask('GET', '/status', cookie)).status).toBe(401);
    const log = JSON.stringify(gateway.log.records);
    expect(log).not.toContain(KEY);
    expect(log).not.toContain(cookieOf(right).slice('portway-admin='.length));
  });

  describe.skipIf(executable === null)('in a browser', { timeout: 60_000 }, () => {
    async function loggedIn(admin = '') {
      const { gateway } = await stage(admin);
      const browser = await launchBrowser(executable!);
      onTestFinished(() => browser.close());
      const { page } = await openPage(await browser.newContext(), `http://127.0.0.1:${gateway.adminPort}/`);
      await page.getByLabel('Key').fill(KEY);
      await page.keyboard.press('Enter');
      // Until then the map is the one that the gateway drew.
      await page.getByRole('button', { name: 'Log out' }).waitFor();
      await page.getByRole('row', { name: '/db' }).click();
      return { gateway, page, drain: page.getByRole('button', { name: 'Drain' }) };
    }

    test('lets one in by its form, and out again', async () => {
      const { gateway, page, drain } = await loggedIn();
      await page.getByRole('navigation', { name: 'Pages' }).waitFor();
      expect(await drain.isEnabled()).toBe(true);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByLabel('Key', { exact: true }).waitFor();
      await page.goto(`http://127.0.0.1:${gateway.adminPort}/`);
      expect(new URL(page.url()).pathname).toBe('/login');
    });

    test('offers nothing that it refuses where it is read-only, and says why', async () => {
      const { gateway, page, drain } = await loggedIn(', readOnly: true');
      await page.getByText('read-only').waitFor();
      expect(await drain.isDisabled()).toBe(true);
      expect(await drain.getAttribute('title')).toContain('readOnly: true');
      await page.getByRole('link', { name: 'Try it' }).first().click();
      expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
      await writeFile(join(dirname(gateway.configFile), 'keys.txt'), `new:${hashKey('pw_new')}\n`);
      await page.getByRole('alert').filter({ hasText: 'You are logged out.' }).waitFor();
      await page.getByRole('link', { name: 'Log in' }).click();
      await page.getByLabel('Key', { exact: true }).waitFor();
    });
  });

  test('keeps its cookie from services on the same host', async () => {
    const { gateway, yaml, ask, login } = await stage();
    const cookie = cookieOf(await login(KEY));
    expect((await gateway.get('/db/', 'Host: localhost', `Cookie: a=b; ${cookie}; c=d`)).text).toBe(
      'a=b; c=d',
    );
    expect((await gateway.get('/db/', 'Host: localhost', `Cookie: ${cookie}`)).text).toBe('no cookie');
    // Another `token:`, or none, takes effect at the next start: until then browsers have the cookie.
    await gateway.editAndReload(yaml.replace(/admin:.*/, 'admin: 3900'));
    expect((await ask('GET', '/status', `Cookie: ${cookie}`)).status).toBe(200);
    expect((await gateway.get('/db/', 'Host: localhost', `Cookie: ${cookie}`)).text).toBe('no cookie');
  });

  // The service did not get it, but a plugin that logs what it sees did.
  test('keeps it from hooks on the way to them', async () => {
    const hook = `export default { preHandler({ headers, raw }, reply) {
      if (/portway-admin/.test(JSON.stringify([raw.rawHeaders, raw.headersDistinct]))) reply.send('seen raw');
      else reply.send(String(headers.cookie));
    } };`;
    const { gateway } = await stage('', { 'seen.mjs': hook });
    await gateway.editAndReload(
      'admin: { host: 0.0.0.0, token: keys.txt }\nroutes: { /seen: { to: 1, extend: ./seen.mjs } }\n',
    );
    const seen = async (...fields: string[]) => (await gateway.get('/seen/', ...fields)).text;
    expect(await seen(`Cookie: a=1; portway-admin=${'x'.repeat(43)}; b=2`)).toBe('a=1; b=2');
    expect(await seen(`Cookie: portway-admin=${'x'.repeat(43)}`)).toBe('undefined');
    expect(await seen('Cookie: a=1;  b=2')).toBe('a=1;  b=2');
  });

  test('refuses pages of other origins and of other ports, and names that are not its own', async () => {
    const { ask, login } = await stage();
    const cookie = `Cookie: ${cookieOf(await login(KEY))}`;
    const from = (...fields: string[]) => ask('POST', '/workers/replace', cookie, ...fields);
    expect((await from('Origin: http://127.0.0.1:3000')).status).toBe(403);
    expect((await from('Origin: http://127.0.0.1:3900')).status).toBe(409);
    expect((await ask('GET', '/status', cookie, 'Sec-Fetch-Site: same-site')).status).toBe(403);
    expect((await ask('GET', '/status', cookie, 'Sec-Fetch-Site: same-origin')).status).toBe(200);
    expect((await login(KEY, 'Origin: http://evil.example')).status).toBe(403);
    expect((await ask('GET', '/status', bearer(), 'Host: evil.example')).status).toBe(421);
    expect((await ask('GET', '/status', bearer(), 'Host: gw.internal:3900')).status).toBe(200);
  });

  test('hears ten wrong keys a minute of an address, then none; who is logged in stays so', async () => {
    const { ask, login } = await stage();
    const cookie = `Cookie: ${cookieOf(await login(KEY))}`;
    for (let at = 0; at < 5; at++) {
      expect((await login(`pw_${at}`)).status).toBe(401);
      expect((await ask('GET', '/status', bearer(`pw_${at}`))).status).toBe(401);
    }
    const refused = await ask('GET', '/status', bearer());
    expect(refused.status).toBe(429);
    expect(Number(refused.head.value('retry-after'))).toBeGreaterThan(0);
    expect((await login(KEY)).status).toBe(429);
    expect((await ask('GET', '/status', cookie)).status).toBe(200);
  });

  test('forgets a session with its key', async () => {
    const { ask, login, gateway } = await stage();
    const cookie = `Cookie: ${cookieOf(await login(KEY))}`;
    await writeFile(join(dirname(gateway.configFile), 'keys.txt'), `new:${hashKey('pw_new')}\n`);
    await until('the file is followed', async () => (await ask('GET', '/status', cookie)).status === 401);
    expect((await ask('GET', '/status', bearer('pw_new'))).status).toBe(200);
  });

  test('changes nothing where it is read-only', async () => {
    const { ask } = await stage(', readOnly: true');
    const changing = [
      ['POST', '/workers/replace'],
      ['DELETE', '/cache?prefix=/'],
      ['POST', '/services/db/restart'],
      ['POST', '/capture?for=1m'],
      ['POST', '/exchanges/1-1/replay'],
      ['POST', '/send'],
    ] as const;
    for (const [method, path] of changing)
      expect((await ask(method, path, bearer(), 'Content-Length: 0')).status, path).toBe(403);
    const seen = JSON.parse((await ask('GET', '/session', bearer())).text);
    expect(seen).toEqual({ user: 'ops', readOnly: true });
  });

  test('takes no name of allowedHosts while it asks for no key, though the file says so by now', async () => {
    const yaml = (token: string) =>
      `admin: { port: 3900${token} }\nroutes:\n  /db: 3001\nallowedHosts: [gw.internal]\n`;
    const files = { 'keys.txt': `ops:${hashKey(KEY)}\n` };
    const gateway = await startTestGateway(yaml(''), { files });
    await gateway.editAndReload(yaml(', token: keys.txt'));
    const client = await connect(gateway.adminPort);
    expect((await client.exchange(get('/config', 'Host: gw.internal'))).status).toBe(421);
    expect((await client.exchange(get('/config', HOST))).text).toContain('keys.txt');
  });

  test.each([
    ['{ host: 0.0.0.0 }', /1:\d+.*token|other machines/s],
    ['0.0.0.0:3900', /portway passwd --key/],
    ['{ host: 0.0.0.0, token: none.txt }', /none\.txt|a file of keys/],
  ])('is refused without a key, with the place and the way out: %s', async (admin, says) => {
    await expect(startTestGateway(`admin: ${admin}\nroutes:\n  /db: 3001\n`)).rejects.toThrow(says);
  });
});
