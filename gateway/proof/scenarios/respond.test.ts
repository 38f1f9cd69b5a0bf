import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { pageExample } from '../testing/page-example.ts';
import { until } from '../testing/poll.ts';
import { ok, startService } from '../testing/service.ts';
import { basic, usersFile } from '../testing/users-file.ts';
import { handshake } from '../testing/websocket.ts';

const FILES = { 'page.html': '<p>Back at ten. ä', 'users.txt': usersFile({ ada: 'word' }) };

const ROUTES = (lane: string) => `routes:
  /down: { respond: { status: 503, body: ./page.html, retryAfter: 90s }, lane: ${lane} }
  /text: { respond: { body: hello, headers: { X-Team: db } }, lane: ${lane} }
  /json: { respond: { body: '{}', headers: { content-type: application/json } }, lane: ${lane} }
  /gone: { respond: 410, lane: ${lane} }
  /none: { respond: 204, lane: ${lane} }
  /kept: { respond: { body: secret }, auth: { basic: users.txt }, lane: ${lane} }
`;

describe.each(['wire', 'general'])('respond in the %s lane', (lane) => {
  test('a file is the body, its name says its type', async () => {
    const gateway = await startTestGateway(ROUTES(lane), { files: FILES });
    for (const target of ['/down', '/down/', '/down/x?y']) {
      const answer = await gateway.get(target, 'Sec-Fetch-Mode: navigate');
      expect([answer.status, answer.text]).toEqual([503, FILES['page.html']]);
      expect(answer.head.value('content-type')).toBe('text/html; charset=utf-8');
      expect(answer.head.value('retry-after')).toBe('90');
      expect(answer.head.value('content-length')).toBe('18');
    }
  });

  test('a text, a status alone, and one that has no body', async () => {
    const gateway = await startTestGateway(ROUTES(lane), { files: FILES });
    const text = await gateway.get('/text');
    expect([text.status, text.text, text.head.value('x-team')]).toEqual([200, 'hello', 'db']);
    expect(text.head.value('content-type')).toBe('text/plain; charset=utf-8');
    expect((await gateway.get('/json')).head.value('content-type')).toBe('application/json');
    const gone = await gateway.get('/gone');
    expect([gone.status, gone.text, gone.head.value('content-length')]).toEqual([410, '', '0']);
    const none = await gateway.get('/none');
    expect([none.status, none.head.value('content-length')]).toEqual([204, undefined]);
  });

  test('a share of the requests is answered, the service has the others', async () => {
    const service = (await startService()).answer(ok('other'));
    const yaml = `routes:\n  /part: { to: ${service.port}, respond: { status: 503, share: 25%, body: part }, lane: ${lane} }\n  /none: { to: ${service.port}, respond: { status: 503, share: 0% }, lane: ${lane} }\n`;
    const gateway = await startTestGateway(yaml);
    const texts: string[] = [];
    for (let i = 0; i < 8; i++) texts.push((await gateway.get('/part')).text);
    expect(texts).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((at) => (at === 2 || at === 6 ? 'part' : 'other')));
    expect((await gateway.get('/none')).text).toBe('other');
  });

  test('HEAD has the length and no body, and the connection goes on', async () => {
    const gateway = await startTestGateway(ROUTES(lane), { files: FILES });
    const client = await gateway.connect();
    await client.send('HEAD /text HTTP/1.1\r\nHost: a\r\n\r\nGET /gone HTTP/1.1\r\nHost: a\r\n\r\n');
    const first = await client.head();
    expect([first.status, first.value('content-length')]).toEqual([200, '5']);
    expect((await client.answer()).status).toBe(410);
    client.destroy();
  });

  test('policies come before it, a handshake is answered, too', async () => {
    const gateway = await startTestGateway(ROUTES(lane), { files: FILES });
    expect((await gateway.get('/kept')).status).toBe(401);
    expect((await gateway.exchange(handshake('/kept'))).status).toBe(401);
    expect((await gateway.get('/kept', basic('ada', 'word'))).text).toBe('secret');
    expect((await gateway.exchange(handshake('/down/chat'))).status).toBe(503);
  });
});

test('over HTTP/2', async () => {
  const gateway = await startTestGateway(ROUTES('auto'), { files: FILES });
  const session = await connectH2(gateway.port, 'http');
  const answer = await exchangeH2(session, { ':path': '/down' });
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '90']);
  session.destroy();
});

test('at the top level it closes all routes but those that say off', async () => {
  const service = (await startService()).answer(() => ok('x'));
  const yaml = `respond: { status: 503, body: Closed. }\nroutes:\n  /db: ${service.port}\n  /open: { to: ${service.port}, respond: off }\n`;
  const gateway = await startTestGateway(yaml);
  const closed = await gateway.get('/db/x');
  expect([closed.status, closed.text]).toEqual([503, 'Closed.']);
  expect((await gateway.get('/open/x')).status).toBe(200);
  expect(service.requests).toHaveLength(1);
});

test('a file that changes is taken over; one that can not be used is not', async () => {
  const gateway = await startTestGateway(ROUTES('auto'), { files: FILES });
  const file = join(dirname(gateway.configFile), 'page.html');
  await writeFile(file, 'soon');
  await until('the new text', async () => (await gateway.get('/down')).text === 'soon');
  await writeFile(file, 'x'.repeat(1024 * 1024 + 1));
  await gateway.log.find('rejection', ({ msg }) => `${msg}`.includes('was rejected'));
  expect((await gateway.get('/down')).text).toBe('soon');
});

test('without its file a gateway does not start', async () => {
  await expect(startTestGateway(ROUTES('auto'))).rejects.toThrow(/page.html|no file/);
});

test('the example of the page does what the page says', async () => {
  const gateway = await startTestGateway(pageExample('respond.md'), { files: { 'maintenance.html': '<p>' } });
  const old = await gateway.get('/old-shop/x');
  expect([old.status, old.text, old.head.value('retry-after')]).toEqual([503, '<p>', '600']);
  expect((await gateway.get('/wp-login.php')).status).toBe(410);
  const robots = await gateway.get('/robots.txt');
  const seen = [robots.text, robots.head.value('cache-control')];
  expect(seen).toEqual(['User-agent: *\nDisallow: /\n', 'max-age=3600']);
});
