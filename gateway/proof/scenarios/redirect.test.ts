import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { pageExample } from '../testing/page-example.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';
import { basic, usersFile } from '../testing/users-file.ts';
import { handshake } from '../testing/websocket.ts';

const ROUTES = (lane: string) => `routes:
  /old: { redirect: /new, lane: ${lane} }
  /root: { redirect: /, lane: ${lane} }
  /far: { redirect: "https://example.com/base/", status: 302, lane: ${lane} }
  /one: { redirect: /new, status: 307, exact: true, lane: ${lane} }
  /all: { redirect: /new, append: false, lane: ${lane} }
  /folder: { redirect: /new/, append: false, lane: ${lane} }
  /only: { redirect: "https://{host}/new/", exact: true, lane: ${lane} }
  /tls: { redirect: "https://{host}:8443/new", lane: ${lane} }
  /www: { redirect: "{scheme}://www.example.com", lane: ${lane} }
  /kept: { redirect: /new, allow: 10.0.0.0/8, lane: ${lane} }
`;

describe.each(['wire', 'general'])('redirect in the %s lane', (lane) => {
  test('a target is answered with its place, a navigation and a handshake too', async () => {
    const gateway = await startTestGateway(ROUTES(lane));
    const placeOf = async (ask: string) => {
      const { status, head } = await gateway.exchange(ask);
      return [status, head.value('location')];
    };
    for (const [target, status, to] of [
      ['/old', 308, '/new'],
      ['/old/', 308, '/new/'],
      ['/old?x=1&y', 308, '/new?x=1&y'],
      ['/old/a%20b/c;d?next=//evil', 308, '/new/a%20b/c;d?next=//evil'],
      ['/%6fld/x', 308, '/new/x'],
      ['/old//x', 308, '/new/x'],
      ['/root', 308, '/'],
      ['/root?x', 308, '/?x'],
      ['/root//evil.example', 308, '/evil.example'],
      ['/root///evil.example/a//b', 308, '/evil.example/a//b'],
      ['/root/%2Fevil.example', 308, '/%2Fevil.example'],
      ['/root/@evil.example', 308, '/@evil.example'],
      ['/far', 302, 'https://example.com/base'],
      ['/far//x?y', 302, 'https://example.com/base/x?y'],
      ['/one?x', 307, '/new?x'],
      ['/one/x', 404, undefined],
      ['/all/a/b?x', 308, '/new?x'],
      ['/folder/a?x', 308, '/new/?x'],
      ['/only?x', 308, 'https://gateway.test/new/?x'],
      ['/far/{host}', 302, 'https://example.com/base/{host}'],
      ['/tls/{host}', 308, 'https://gateway.test:8443/new/{host}'],
      ['/tls/a?x', 308, 'https://gateway.test:8443/new/a?x'],
      ['/www/a?x', 308, 'http://www.example.com/a?x'],
      ['/older', 404, undefined],
      ['/root/%0d%0aSet-Cookie:x=1', 308, '/%0d%0aSet-Cookie:x=1'],
      ['/root/\\evil.example', 400, undefined],
      ['/kept', 403, undefined],
    ] as const)
      expect([target, ...(await placeOf(get(target)))]).toEqual([target, status, to]);
    expect(await placeOf(get('/old', 'Sec-Fetch-Mode: navigate'))).toEqual([308, '/new']);
    expect(await placeOf(handshake('/old/chat'))).toEqual([308, '/new/chat']);
  });

  test('it knows by which scheme the client came', async () => {
    const gateway = await startTestGateway(`trustProxy: [127.0.0.1]\n${ROUTES(lane)}`);
    const answer = await gateway.get('/www/a', 'X-Forwarded-Proto: https');
    expect(answer.head.value('location')).toBe('https://www.example.com/a');
  });

  test('a policy that waits comes before it, for a handshake, too', async () => {
    const yaml = `routes:\n  /old: { redirect: /new, auth: { basic: ./users.txt }, lane: ${lane} }\n`;
    const gateway = await startTestGateway(yaml, { files: { 'users.txt': usersFile({ ada: 'word' }) } });
    const ada = basic('ada', 'word');
    expect((await gateway.get('/old/x')).status).toBe(401);
    expect((await gateway.exchange(handshake('/old/x'))).status).toBe(401);
    expect((await gateway.exchange(handshake('/old/x', ada))).head.value('location')).toBe('/new/x');
    expect((await gateway.get('/old/x', ada)).head.value('location')).toBe('/new/x');
  });
});

test('over HTTP/2', async () => {
  const gateway = await startTestGateway(ROUTES('auto'));
  const session = await connectH2(gateway.port, 'http');
  const answer = await exchangeH2(session, { ':path': '/root//evil.example?x' });
  expect([answer.status, answer.headers.location]).toEqual([308, '/evil.example?x']);
  session.destroy();
});

// Each was 500: there is no endpoint to choose.
test('the admin listener shows routes without a service', async () => {
  const yaml = 'admin: 3900\nroutes:\n  /old: { redirect: /new }\n  /docs: { folder: . }\n';
  const gateway = await startTestGateway(yaml);
  const { status, text } = await gateway.admin('GET', '/routes');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject([
    { id: '/old', balance: null, endpoints: [{ address: 'a redirect (308) to /new', state: 'up' }] },
    { id: '/docs', balance: null },
  ]);
});

test('the example of the page does what the page says', async () => {
  const gateway = await startTestGateway(pageExample('redirect.md'));
  expect((await gateway.get('/old/a%20b?x=1')).head.value('location')).toBe('/new/a%20b?x=1');
  expect((await gateway.get('/blog/1')).head.value('location')).toBe('https://blog.example.com/1');
});

test('a hook redirects by a regular expression, as the page says', async () => {
  const service = (await startService()).answer(ok('the service'));
  const gateway = await startTestGateway(`routes: { /: { to: ${service.port}, extend: ./moved.mjs } }\n`, {
    files: { 'moved.mjs': pageExample('redirect.md', 'By a regular expression', 'js') },
  });
  const moved = await gateway.get('/2024/05/some-title');
  expect([moved.status, moved.head.value('location')]).toEqual([301, '/posts/some-title']);
  for (const target of ['/2024/05/some-title/x', '/2024/05//evil.example'])
    expect((await gateway.get(target)).text).toBe('the service');
});
