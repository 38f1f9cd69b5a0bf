import { mkdtempSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { CookieBrowser } from '../testing/cookie-browser.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { GatewayChild } from '../testing/gateway-child.ts';
import { CLIENT, startProvider } from '../testing/oidc-provider.ts';
import { until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { connect, get } from '../testing/raw-client.ts';
import { allAlone, allMeet, missingRedis, sharedOf, TestRedis } from '../testing/redis.ts';
import { ok, startService } from '../testing/service.ts';

const LONG = Array.from({ length: 200 }, (_, i) => `group-${i}-of-very-many`);

describe.skipIf(missingRedis !== '')(`long OIDC sessions (missing: ${missingRedis || 'nothing'})`, () => {
  const processes = new Processes();
  afterAll(() => processes.killAll());

  /** Replicas behind one name, and a browser that asks the first. */
  async function stage(groups: readonly string[], more: Parameters<typeof startProvider>[1] = {}) {
    const redis = await TestRedis.start(processes);
    const claims = async (_use: string) => ({ sub: 'ann', groups });
    const provider = await startProvider(['http://gateway.test/db/.portway/oidc/callback'], {
      findAccount: () => ({ accountId: 'ann', claims }),
      ...more,
    });
    const service = (await startService()).answer(() => ok('x'));
    const oidc = `oidc: { issuer: "${provider.issuer}", clientId: ${CLIENT.id}, clientSecret: ${CLIENT.secret}, allow: { groups: [${groups[0]}] } }`;
    const yaml = `shared: { url: ${redis.url}, timeout: 20s }\nroutes:\n  /db: { to: ${service.port}, auth: { ${oidc} } }\n`;
    const replica = () => startTestGateway(`admin: 3900\n${yaml}`);
    const replicas = [await replica(), await replica()] as const;
    await allMeet(replicas.map(({ adminPort }) => adminPort));
    return { redis, provider, yaml, replica, replicas, browser: new CookieBrowser(replicas[0]) };
  }

  const askedBy = (browser: CookieBrowser) => async (gateway: TestGateway) =>
    (await gateway.get('/db/x', 'Accept: */*', ...browser.cookieField())).status;

  test('one short cookie leads every replica, and every worker of it, to what is in the Redis until somebody logs out', async () => {
    const { redis, replicas, yaml, browser } = await stage(LONG);
    const asked = askedBy(browser);
    expect((await browser.open('/db/x')).answer?.status).toBe(200);
    expect(Array.from(browser.cookies.values(), (value) => value.length < 400)).toEqual([true]);
    expect(await asked(replicas[0])).toBe(200);
    const key = (await commanded(redis, 'KEYS portway:text:*')).split('\r\n')[2]!;
    // A Redis closes connections for which it has more than 32 MB; this one has all that is shared.
    for (const command of [`RENAME ${key} kept`, `SETRANGE ${key} 40000000 x`])
      await commanded(redis, command);
    expect(await asked(replicas[1])).toBe(401);
    await commanded(redis, `RENAME kept ${key}`);
    const folder = mkdtempSync(join(tmpdir(), 'portway-sessions-'));
    const workers = await GatewayChild.start(processes, folder, `workers: 2\n${yaml}`);
    await until('it is up', async () => (await sharedOf(workers.adminPort)).failure === null);
    for (let at = 0; at < 4; at++) {
      const client = await connect(workers.port);
      const answer = await client.exchange(
        get('/db/x', 'Host: gateway.test', 'Accept: */*', ...browser.cookieField()),
      );
      client.destroy();
      expect(answer.status).toBe(200);
    }
    const cookies = browser.cookieField();
    await browser.ask('/db/.portway/oidc/logout');
    expect(browser.cookies.size).toBe(0);
    expect(await commanded(redis, 'KEYS portway:text:*')).toBe('*0\r\n');
    for (const gateway of replicas)
      expect((await gateway.get('/db/x', 'Accept: */*', ...cookies)).status).toBe(401);
  });

  test('a short session stays in its cookie', async () => {
    const { redis, replicas, browser } = await stage(['few']);
    expect((await browser.open('/db/x')).answer?.status).toBe(200);
    expect(await commanded(redis, 'KEYS portway:text:*')).toBe('*0\r\n');
    await redis.kill();
    await allAlone(replicas.map(({ adminPort }) => adminPort));
    expect(await askedBy(browser)(replicas[1])).toBe(200);
  });

  test('without the Redis what is known serves on; elsewhere programs get 503, and a browser logs in again, into cookies', async () => {
    const { redis, replicas, replica, browser } = await stage(LONG);
    const asked = askedBy(browser);
    await browser.open('/db/x');
    await redis.kill();
    await allAlone(replicas.map(({ adminPort }) => adminPort));
    const newcomer = await replica();
    expect([await asked(replicas[0]), await asked(newcomer)]).toEqual([200, 503]);
    const elsewhere = new CookieBrowser(newcomer);
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    expect((await elsewhere.open('/db/x')).answer?.status).toBe(200);
    expect(elsewhere.cookies.size).toBeGreaterThan(1);
    expect(await askedBy(elsewhere)(replicas[1])).toBe(200);
  });

  test('replicas refresh a session once, with a refresh token that holds once', async () => {
    const { provider, replicas, browser } = await stage(LONG, ONCE);
    const asked = askedBy(browser);
    const later = laterClock();
    await browser.open('/db/x');
    expect(await asked(replicas[1])).toBe(200);
    const grants = () => provider.asked.filter((path) => path === '/token').length;
    expect(grants()).toBe(1);
    later(61_000);
    const all = [...replicas, ...replicas, ...replicas];
    expect(await Promise.all(all.map(asked))).toEqual([200, 200, 200, 200, 200, 200]);
    expect([await asked(replicas[0]), await asked(replicas[1]), grants()]).toEqual([200, 200, 2]);
    const cookies = browser.cookieField();
    await browser.ask('/db/.portway/oidc/logout');
    later(122_000);
    expect((await replicas[1].get('/db/x', 'Accept: */*', ...cookies)).status).toBe(401);
    expect(grants()).toBe(2);
  });

  test('a session that is ended while another replica refreshes it stays ended, and a page is led to the provider', async () => {
    let meanwhile = async () => {};
    const { redis, provider, replicas, browser } = await stage(LONG, {
      ...ONCE,
      findAccount: async () => {
        await meanwhile();
        return { accountId: 'ann', claims: async () => ({ sub: 'ann', groups: LONG }) };
      },
    });
    const later = laterClock();
    await browser.open('/db/x');
    const page = ['Accept: text/html', ...browser.cookieField()];
    meanwhile = async () => {
      meanwhile = async () => {};
      await browser.ask('/db/.portway/oidc/logout');
    };
    later(61_000);
    const answer = await replicas[1].get('/db/x', ...page);
    expect(answer.head.value('location')).toMatch(`${provider.issuer}/auth?`);
    // What is left says that it is being refreshed.
    expect(await commanded(redis, 'KEYS portway:text:*')).toMatch(/^\*1\r\n\$\d+\r\n\S+:refresh\r\n$/);
  });
});

/** Refresh tokens that hold once, and what has to be refreshed after a minute. */
const ONCE = { ttl: { AccessToken: 60, RefreshToken: 1000, IdToken: 60 }, rotateRefreshToken: true };

/** @returns sets the clock of dates ahead, in milliseconds, until the test is over */
function laterClock(): (ms: number) => void {
  const real = Date.now;
  let ahead = 0;
  Date.now = () => real() + ahead;
  onTestFinished(() => {
    Date.now = real;
  });
  return (ms) => {
    ahead = ms;
  };
}

/** What it answers, as it stands on the wire. */
async function commanded({ port }: TestRedis, command: string): Promise<string> {
  const socket = connectSocket(port, '127.0.0.1');
  socket.write(`${command}\r\n`);
  const [bytes] = (await socket.take(1).toArray()) as [Buffer];
  socket.destroy();
  return bytes.toString();
}
