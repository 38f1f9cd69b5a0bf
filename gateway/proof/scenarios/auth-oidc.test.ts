import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { CookieBrowser } from '../testing/cookie-browser.ts';
import { configurationFolder, startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { CLIENT, startProvider } from '../testing/oidc-provider.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds, type RouteKind } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { keysFile } from '../testing/users-file.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const CALLBACK = 'http://gateway.test/db/.portway/oidc/callback';

async function stage(
  { routes, files }: RouteKind,
  more = '',
  auth = (oidc: string) => oidc,
  ofProvider: Parameters<typeof startProvider>[1] = {},
  top = '',
) {
  const provider = await startProvider([CALLBACK], ofProvider);
  const service = (await startService()).answer(({ head }) =>
    head.value('upgrade') ? Buffer.from(agreement(), 'latin1') : ok('x', 'Cache-Control: public, max-age=60'),
  );
  const oidc = `oidc: { issuer: "${provider.issuer}", clientId: ${CLIENT.id}, clientSecret: ${CLIENT.secret}${more} }`;
  const yaml = routes('/db', service.port, `auth: { ${auth(oidc)} }`);
  const gateway = await startTestGateway(`admin: 3900\n${top}${yaml}  /open: ${service.port}\n`, {
    files: { ...files, 'keys.txt': keysFile({ ann: 'pw_one' }) },
  });
  return { provider, service, gateway, yaml, browser: new CookieBrowser(gateway) };
}

const sessionNames = (browser: CookieBrowser) =>
  [...browser.cookies.keys()].filter((name) => /-\d$/.test(name));

describe.each(laneKinds)('auth: oidc on $kind', (kind) => {
  test('a browser that opens a page logs in, and comes back to that page', async () => {
    const { service, gateway, browser } = await stage(kind);
    const { answer, at } = await browser.open('/db/deep/link?a=1&b=%2F');
    expect([answer?.status, at]).toEqual([200, 'http://gateway.test/db/deep/link?a=1&b=%2F']);
    const { head, target } = service.request;
    expect(target).toBe('/deep/link?a=1&b=%2F');
    expect([head.values('x-forwarded-user'), head.values('cookie')]).toEqual([['ann'], []]);
    expect((await gateway.log.exchange(200)).user).toBe('ann');
    const visits = browser.visited.length;
    expect((await browser.ask('/db/x', 'Accept: */*', 'Cookie: a=1')).status).toBe(200);
    expect(service.requests[1]!.head.values('cookie').join()).toBe('a=1');
    expect(browser.visited.length).toBe(visits);
    expect(gateway.log.text()).not.toContain(CLIENT.secret);
  });

  test('what opens no page is 401, and told where to log in', async () => {
    const { service, gateway, provider } = await stage(kind);
    for (const bytes of [
      get('/db/x', 'Accept: */*'),
      get('/db/x', 'Accept: text/html', 'Sec-Fetch-Mode: cors'),
      request('POST', '/db/x', ['Accept: text/html', 'Sec-Fetch-Mode: navigate'], 'a'),
      handshake('/db/x'),
    ]) {
      const client = await gateway.connect();
      await client.send(bytes);
      const head = await client.head();
      const seen = [head.status, head.value('www-authenticate')];
      expect(seen).toEqual([401, 'Cookie realm="Portway", form-action="/db/.portway/oidc/login"']);
      client.destroy();
    }
    expect([service.requests, provider.asked]).toEqual([[], []]);
  });

  test('WebSockets and HTTP/2 with a session', async () => {
    const { service, gateway, browser } = await stage(kind);
    await browser.open('/db/x');
    expect((await gateway.exchange(handshake('/db/ws', ...browser.cookieField()))).status).toBe(101);
    const session = await connectH2(gateway.port, 'http');
    const cookie = browser.cookieField()[0]!.slice(8);
    expect(
      (await exchangeH2(session, { ':path': '/db/x', ':authority': 'gateway.test', cookie })).status,
    ).toBe(200);
    expect((await exchangeH2(session, { ':path': '/db/x', ':authority': 'gateway.test' })).status).toBe(401);
    session.destroy();
    expect(service.requests.flatMap(({ head }) => head.values('cookie'))).toEqual([]);
    expect(service.requests).toHaveLength(3);
  });

  test('no service sees a session, of other routes neither', async () => {
    const { service, browser } = await stage(kind);
    await browser.open('/db/x');
    expect((await browser.ask('/open/x')).status).toBe(200);
    expect(service.requests.at(-1)!.head.values('cookie')).toEqual([]);
  });

  test('a session that was changed, made up or is of another use is none', async () => {
    const { service, gateway, browser } = await stage(kind);
    const begun = await browser.ask('/db/x');
    const login = [...browser.cookies].find(([name]) => name.includes('-login-'))!;
    expect(begun.status).toBe(302);
    await browser.open('/db/x');
    const [name] = sessionNames(browser) as [string];
    const value = browser.cookies.get(name)!;
    const before = service.requests.length;
    const flipped = (at: number) =>
      value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1);
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const forged of [
      ...[
        flipped(value.length - 30),
        flipped(30),
        flipped(10),
        value.slice(0, -2),
        `2.${value.slice(2)}`,
        `9.${value.slice(2)}`,
      ],
      ...[
        `1.${login[1]}`,
        '1.',
        '',
        '1.a.b.c.d',
        `1.${none}.e30.`,
        `1.${none}....`,
        '1.%00',
        `1.${'A'.repeat(9000)}`,
      ],
    ])
      expect([forged.slice(0, 20), (await gateway.get('/db/x', `Cookie: ${name}=${forged}`)).status]).toEqual(
        [forged.slice(0, 20), 401],
      );
    expect(service.requests).toHaveLength(before);
    expect((await gateway.get('/db/x', `Cookie: ${name}=${value}`)).status).toBe(200);
  });

  test('a callback with another state, without its cookie, twice or with a made up code lets nobody in', async () => {
    const { service, gateway, browser } = await stage(kind);
    const { at } = await browser.open('/db/x', CALLBACK);
    const back = new URL(at);
    const path = back.pathname + back.search;
    const state = back.searchParams.get('state')!;
    const cookies = browser.cookieField();
    const stranger = await gateway.get(path);
    expect([stranger.status, stranger.head.values('set-cookie')]).toEqual([401, []]);
    for (const wrong of [
      path.replace(state, `${state.slice(0, -1)}x`),
      path.replace(/code=[^&]+/, 'code=made-up'),
      path.replace(state, ''),
    ]) {
      const answer = await gateway.get(wrong, ...cookies);
      expect([wrong, answer.status, answer.head.values('set-cookie')]).toEqual([wrong, 401, []]);
    }
    expect((await browser.open(path)).answer?.status).toBe(200);
    const again = await gateway.get(path, ...cookies);
    expect([again.status, again.head.values('set-cookie')]).toEqual([401, []]);
    expect(service.requests).toHaveLength(1);
  });

  test('logging out ends the session here and leads to the provider', async () => {
    const { gateway, browser, provider } = await stage(kind);
    await browser.open('/db/x');
    const answer = await browser.ask('/db/.portway/oidc/logout');
    expect(answer.status).toBe(302);
    const to = new URL(answer.head.value('location')!);
    expect([to.origin, to.searchParams.has('id_token_hint')]).toEqual([provider.issuer, true]);
    expect(browser.cookies.size).toBe(0);
    expect((await gateway.get('/db/x')).status).toBe(401);
    expect((await gateway.get('/db/.portway/oidc/logout')).status).toBe(200);
    const client = await gateway.connect();
    for (const [place, allowed] of [
      ['logout', 'GET, POST'],
      ['login', 'GET'],
    ]) {
      await client.send(request('PUT', `/db/.portway/oidc/${place}`, [], ''));
      const { status, head } = await client.answer();
      expect([place, status, head.value('allow')]).toEqual([place, 405, allowed]);
    }
  });
});

const plain = laneKinds[0]!;

/** Moves the clock of gateway and provider; it is back when the test ends. */
function movableClock(): { ahead: number } {
  const clock = { ahead: 0 };
  const real = Date.now;
  Date.now = () => real() + clock.ahead;
  onTestFinished(() => {
    Date.now = real;
  });
  return clock;
}

test('a session ends when it was not used, and when its time is over', async () => {
  const { browser, gateway } = await stage(plain, ', idle: 100s, lifetime: 200s');
  const clock = movableClock();
  await browser.open('/db/x');
  const first = browser.cookieField();
  const api = async () => (await browser.ask('/db/x', 'Accept: */*')).status;
  clock.ahead = 80_000;
  expect(await api()).toBe(200);
  const renewed = await gateway.get('/db/x', 'Accept: */*', ...first);
  expect(renewed.head.values('cache-control')).toEqual(['public, max-age=60', 'private']);
  clock.ahead = 120_000;
  expect([(await gateway.get('/db/x', ...first)).status, await api()]).toEqual([401, 200]);
  clock.ahead = 195_000;
  expect(await api()).toBe(200);
  clock.ahead = 205_000;
  expect(await api()).toBe(401);
});

test('a session is refreshed once for all that ask, an outage is 503, and what the provider took back is over', async () => {
  const ttl = { AccessToken: 60, RefreshToken: 1000, IdToken: 60 };
  const { browser, gateway, provider, service } = await stage(plain, '', undefined, {
    ttl,
    rotateRefreshToken: true,
  });
  const clock = movableClock();
  await browser.open('/db/x');
  const grants = () => provider.asked.filter((path) => path === '/token').length;
  expect(grants()).toBe(1);
  clock.ahead = 61_000;
  const old = browser.cookieField();
  const answers = await Promise.all([1, 2, 3].map(() => gateway.get('/db/x', ...old)));
  expect(answers.map(({ status, head }) => [status, head.values('set-cookie').length])).toEqual([
    [200, 1],
    [200, 1],
    [200, 1],
  ]);
  expect((await browser.ask('/db/x', 'Accept: */*')).status).toBe(200);
  expect(grants()).toBe(2);
  clock.ahead = 130_000;
  provider.down = true;
  const before = service.requests.length;
  for (const path of ['/db/x', '/db/y']) {
    const answer = await browser.ask(path, 'Accept: */*');
    expect([answer.status, answer.text.includes('auth_unavailable')]).toEqual([503, true]);
  }
  expect(service.requests).toHaveLength(before);
  provider.down = false;
  expect((await browser.ask('/db/x', 'Accept: */*')).status).toBe(200);
  clock.ahead = 2_000_000;
  expect((await browser.ask('/db/x', 'Accept: */*')).status).toBe(401);
  expect((await browser.ask('/db/x')).status).toBe(302);
});

test('a provider that is down is 503 for pages, and asked again', async () => {
  const { browser, provider, gateway } = await stage(plain);
  provider.down = true;
  expect((await browser.ask('/db/x')).status).toBe(503);
  expect((await browser.ask('/db/x', 'Accept: */*')).status).toBe(401);
  await gateway.log.find('outage', ({ msg }) => `${msg}`.includes("the OIDC provider can't be asked"));
  provider.down = false;
  await until('it is asked again', async () => (await browser.ask('/db/x')).status === 302);
  expect((await browser.open('/db/x')).answer?.status).toBe(200);
});

test.each(['nonce', 'code_challenge'])('a login that comes back with another %s is none', async (field) => {
  const { browser, service } = await stage(plain);
  const to = new URL((await browser.ask('/db/x')).head.value('location')!);
  expect(to.searchParams.get('code_challenge_method')).toBe('S256');
  to.searchParams.set(field, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  const { answer } = await browser.open(to.href);
  expect([answer?.status, service.requests.length, sessionNames(browser)]).toEqual([401, 0, []]);
});

test('a signature of somebody else is none', async () => {
  const { browser, provider, service } = await stage(plain);
  const { at } = await browser.open('/db/x', CALLBACK);
  const { publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'keystore-CHANGE-ME', use: 'sig', alg: 'RS256' };
  provider.tamper = ({ url }, response) => {
    if (url !== '/jwks') return false;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
    return true;
  };
  const { answer } = await browser.open(at);
  expect([answer!.status >= 400, service.requests.length, sessionNames(browser)]).toEqual([true, 0, []]);
});

test.each([
  ['ann', ', allow: { emails: ann@example.com }', 200],
  ['bob', ', allow: { emails: ann@example.com }', 403],
  ['bob', ', allow: { emails: "@Example.com" }', 200],
  ['bob', ', allow: { emails: "@ample.com" }', 403],
  ['mallory', ', allow: { emails: "@example.com" }', 403],
  ['mallory', ', user: email', 403],
  ['ann', ', allow: { groups: [anns] }', 200],
  ['bob', ', allow: { groups: [anns] }', 403],
  ['nobody', '', 403],
])('%s with %s: %i', async (account, more, status) => {
  const { browser, provider, service } = await stage(plain, more);
  provider.account = account;
  const { answer } = await browser.open('/db/x');
  expect([answer?.status, service.requests.length]).toEqual([status, status === 200 ? 1 : 0]);
});

test('a session of a route that asks for less is a login again where more is needed, and then holds on both', async () => {
  const provider = await startProvider([CALLBACK, CALLBACK.replace('/db/', '/wiki/')], {
    ttl: { AccessToken: 60, RefreshToken: 10_000, IdToken: 60 },
  });
  const service = (await startService()).answer(ok('x'));
  const route = (allow: string) =>
    `{ to: ${service.port}, auth: { oidc: { issuer: "${provider.issuer}", clientId: ${CLIENT.id}, clientSecret: ${CLIENT.secret}${allow} } } }`;
  const yaml = `routes:\n  /wiki: ${route('')}\n  /db: ${route(', allow: { emails: ann@example.com, groups: [cats] }')}\n`;
  const gateway = await startTestGateway(yaml);
  const browser = new CookieBrowser(gateway);
  const clock = movableClock();
  expect((await browser.open('/wiki/x')).answer?.status).toBe(200);
  expect((await browser.ask('/db/x', 'Accept: */*')).status).toBe(401);
  expect((await browser.open('/db/x')).answer?.status).toBe(200);
  const visits = browser.visited.length;
  // Refreshed by the route that needs less, it still has what the other needs.
  clock.ahead = 61_000;
  expect((await browser.ask('/wiki/x', 'Accept: */*')).status).toBe(200);
  expect((await browser.ask('/db/x', 'Accept: */*')).status).toBe(200);
  expect(browser.visited.length).toBe(visits);
  provider.account = 'bob';
  const other = new CookieBrowser(gateway);
  expect((await other.open('/wiki/x')).answer?.status).toBe(200);
  expect((await other.open('/db/x')).answer?.status).toBe(403);
  expect((await other.ask('/db/x')).status).toBe(403);
});

test('a login never leads to another host', async () => {
  const { browser } = await stage(plain);
  await browser.open('/db/x');
  const evil = [
    '//evil.test',
    '/\\evil.test',
    'https://evil.test/',
    '/%09/evil.test',
    '%2F%2Fevil.test/db',
    '/\t/evil.test',
    'javascript:alert(1)',
    '',
    '/%0d%0aX:%20y',
    '///evil.test',
    '\\\\evil.test',
    `/${'a'.repeat(3000)}`,
  ];
  for (const back of evil) {
    browser.visited.length = 0;
    await browser.open(`/db/.portway/oidc/login?return=${back}`).catch(() => {});
    const hosts = browser.visited.map((url) => new URL(url).hostname);
    expect([back, new Set(hosts)]).toEqual([back, new Set(['gateway.test', '127.0.0.1'])]);
  }
  expect((await browser.open('/db/.portway/oidc/login?return=/db/y?z=1')).at).toBe(
    'http://gateway.test/db/y?z=1',
  );
});

test('no host and odd callbacks are 401', async () => {
  const { gateway } = await stage(plain);
  for (const bytes of [
    'GET /db/.portway/oidc/callback?state=a&code=b HTTP/1.0\r\n\r\n',
    get('/db/.portway/oidc/callback?state=%ff%00&state=b&code'),
    get('/db/.portway/oidc/callback'),
    get('/db/.portway/oidc/callback;x', 'Accept: */*'),
    get('/db/.portway%2Foidc/callback', 'Accept: */*'),
  ]) {
    const client = await gateway.connect();
    await client.send(bytes);
    expect([bytes, (await client.head()).status]).toEqual([bytes, 401]);
    client.destroy();
  }
});

test('several tabs log in side by side, and logins that nobody finishes are few', async () => {
  const { browser } = await stage(plain);
  const tabs = [];
  for (let i = 0; i < 9; i++) tabs.push((await browser.ask(`/db/${i}`)).head.value('location')!);
  expect([...browser.cookies.keys()].filter((name) => name.includes('-login-'))).toHaveLength(5);
  for (const i of [8, 4, 6]) expect((await browser.open(tabs[i]!)).at).toBe(`http://gateway.test/db/${i}`);
  expect((await browser.open(tabs[0]!)).answer?.status).toBe(401);
});

test('logins with long addresses that nobody finishes leave room for requests', async () => {
  const { browser } = await stage(plain);
  const long = 'a'.repeat(1900);
  for (let i = 0; i < 9; i++) expect((await browser.ask(`/db/${i}${long}`)).status).toBe(302);
  expect((await browser.open(`/db/${long}`)).answer?.status).toBe(200);
});

test('tabs that are restored all at once leave room for requests, too', async () => {
  const { browser } = await stage(plain);
  const long = 'a'.repeat(1900);
  const paths = Array.from({ length: 40 }, (_, i) => `/db/${i}${i % 2 ? long : ''}`);
  await Promise.all(paths.map((path) => browser.ask(path)));
  expect(browser.cookieField()[0]!.length).toBeLessThan(8_000);
  expect((await browser.open(`/db/${long}`)).at).toBe(`http://gateway.test/db/${long}`);
  expect((await browser.open('/db/x')).answer?.status).toBe(200);
});

test('a callback of another flow is 401, and no outage', async () => {
  const { browser, gateway } = await stage(plain);
  for (const more of ['id_token=a', 'token=a', 'response=a']) {
    const { at } = await browser.open('/db/x', CALLBACK);
    const { pathname, search } = new URL(at);
    expect([more, (await browser.ask(`${pathname + search}&${more}`)).status]).toEqual([more, 401]);
  }
  expect(gateway.log.text()).not.toContain("can't be asked");
});

test('codes, states and ways back stand in no log', async () => {
  const { browser, gateway } = await stage(plain);
  await browser.open('/db/.portway/oidc/login?return=/db/x');
  await gateway.log.exchange(200);
  expect(gateway.log.text()).not.toMatch(/[?&](?:code|state|return)=/);
});

test('over https cookies are of this host alone and Secure, and others are not taken', async () => {
  const { gateway } = await stage(plain, '', undefined, {}, 'trustProxy: loopback\n');
  const answer = await gateway.get(
    '/db/x',
    'Accept: text/html',
    'Sec-Fetch-Mode: navigate',
    'X-Forwarded-Proto: https',
  );
  expect(answer.head.values('set-cookie').join()).toMatch(
    /^__Host-portway-oidc-[\w-]+=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
  );
  expect(new URL(answer.head.value('location')!).searchParams.get('redirect_uri')).toBe(
    CALLBACK.replace('http', 'https'),
  );
});

test('beside another proof, and exceptions that would take in the callback', async () => {
  const { browser, gateway, service } = await stage(
    plain,
    '',
    (oidc) => `any: [{ keys: keys.txt }, { ${oidc} }], except: [/db/.portway/, HEAD]`,
  );
  const api = await gateway.get('/db/x', 'Accept: */*');
  expect([api.status, api.head.values('www-authenticate').length]).toEqual([401, 2]);
  expect((await gateway.get('/db/x', 'Accept: */*', 'X-API-Key: pw_one')).status).toBe(200);
  expect((await gateway.get('/db/.portway/oidc/callback?code=a', 'X-API-Key: pw_one')).status).toBe(401);
  expect((await browser.open('/db/x')).answer?.status).toBe(200);
  expect(service.requests.map(({ target }) => target)).toEqual(['/x', '/x']);
});

test('a long session is several cookies, which go with it', async () => {
  const groups = Array.from({ length: 300 }, (_, i) => `group-${i}-of-many`);
  const claims = async () => ({ sub: 'ann', groups });
  const { browser, service } = await stage(plain, ', allow: { groups: group-7-of-many }', undefined, {
    findAccount: () => ({ accountId: 'ann', claims }),
  });
  expect((await browser.open('/db/x')).answer?.status).toBe(200);
  expect(sessionNames(browser).length).toBeGreaterThan(1);
  for (const [, value] of browser.cookies) expect(value.length).toBeLessThan(3_600);
  const [first, ...rest] = browser.cookieField()[0]!.slice(8).split('; ');
  expect(service.request.head.values('cookie')).toEqual([]);
  browser.cookies.delete(rest[0]!.split('=')[0]!);
  expect((await browser.ask('/db/x', 'Accept: */*')).status).toBe(401);
  expect(first).toMatch(/-0=[23]\./);
  await browser.ask('/db/.portway/oidc/logout');
  expect(browser.cookies.size).toBe(0);
});

test('the secret stands nowhere', async () => {
  const { gateway, browser } = await stage(plain, ', sessionKey: another-secret-of-thirty-two-chars');
  await browser.open('/db/x');
  for (const target of ['/config', '/explain?url=/db/x', '/routes', '/metrics']) {
    const { status, text } = await gateway.admin('GET', target);
    expect([target, status, /(a|another)-secret-of/.test(text)]).toEqual([target, 200, false]);
  }
  expect(gateway.log.text()).not.toMatch(/(a|another)-secret-of/);
});

const OIDC = 'issuer: "https://id.example.com", clientId: portway';
test.each([
  [`oidc: { ${OIDC}, clientSecret: hunter2 }`, '24 characters'],
  [`oidc: { issuer: "http://id.example.com", clientId: a, clientSecret: ${CLIENT.secret} }`, 'https, except'],
  [
    `oidc: { issuer: "https://a:b@id.example.com", clientId: a, clientSecret: ${CLIENT.secret} }`,
    'no password',
  ],
  [`oidc: { ${OIDC}, clientSecret: ${CLIENT.secret}, allow: { emails: ann } }`, '@example.com'],
  [`oidc: { ${OIDC}, clientSecret: ${CLIENT.secret} }, realm: x`, 'what goes with oidc'],
  [
    `any: [{ oidc: { ${OIDC}, clientSecret: ${CLIENT.secret} } }, { oidc: { ${OIDC}, clientSecret: ${CLIENT.secret} } }]`,
    'one login',
  ],
])('%s is refused with what to write', async (auth, hint) => {
  const folder = await configurationFolder(
    `routes:\n  /db: { to: 3001, auth: { ${auth.replace('hunter2', `"\${SECRET}"`)} } }\n`,
  );
  const loaded = JSON.stringify(await loadConfig(`${folder}/gateway.config.yaml`, { SECRET: 'hunter2' }));
  expect(loaded).toContain(hint);
  expect(loaded).not.toContain('hunter2');
});
