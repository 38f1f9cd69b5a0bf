import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { pageExample } from '../testing/page-example.ts';
import { until } from '../testing/poll.ts';
import { request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startService } from '../testing/service.ts';
import { usersFile } from '../testing/users-file.ts';
import { handshake } from '../testing/websocket.ts';

const BROWSER = 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const FILES = {
  '404.html': '<h1>{{status}} {{ statusText }}</h1><p title="{{requestId}}">{{other}} ä',
  '4xx.html': 'yours',
  '5xx.html': 'down',
  'users.txt': usersFile({ ada: 'word' }),
};
const PAGES = 'errorPages: { 404: ./404.html, 4xx: ./4xx.html, 5xx: ./5xx.html }\n';

function answer(status: string, fields = '', body = 'the service itself'): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}

describe.each(['wire', 'general'])('errors of the gateway in the %s lane', (lane) => {
  const stage = () =>
    startTestGateway(
      `${PAGES}routes:
  /none: { to: 1, lane: ${lane}, headers: { answer: { set: { X-Team: db } } } }
  /kept: { to: 1, lane: ${lane}, auth: { basic: users.txt } }
  /gone: { respond: 410, lane: ${lane} }
  /said: { respond: { status: 503, body: closed }, lane: ${lane} }
  /own: { to: 1, lane: ${lane}, errorPages: { 5xx: ./404.html } }
  /off: { to: 1, lane: ${lane}, errorPages: off }
`,
      { files: FILES },
    );

  test('have their page where a browser asks', async () => {
    const gateway = await stage();
    const { head, status, text } = await gateway.get('/nowhere', BROWSER);
    const id = head.value('x-request-id')!;
    expect([status, text]).toEqual([404, `<h1>404 Not Found</h1><p title="${id}">{{other}} ä`]);
    expect(head.value('content-type')).toBe('text/html; charset=utf-8');
    expect(head.value('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(head.value('vary')).toBe('Accept');
    expect(head.value('content-security-policy')).toBe(undefined);
    const down = await gateway.get('/none', BROWSER);
    expect([down.status, down.text, down.head.value('x-team')]).toEqual([502, 'down', 'db']);
    expect(down.head.value('proxy-status')).toContain('connection_refused');
    const kept = await gateway.get('/kept', BROWSER);
    expect([kept.status, kept.text]).toEqual([401, 'yours']);
    expect(kept.head.value('www-authenticate')).toContain('Basic');
  });

  test('an answer with a status alone has one, a body of its own stays', async () => {
    const gateway = await stage();
    const gone = await gateway.get('/gone', BROWSER);
    expect([gone.status, gone.text, gone.head.values('content-length')]).toEqual([410, 'yours', ['5']]);
    const forPrograms = await gateway.get('/gone');
    expect([forPrograms.text, forPrograms.head.value('vary')]).toEqual(['', 'Accept']);
    expect((await gateway.get('/said', BROWSER)).text).toBe('closed');
  });

  test('what a route says goes before the top level, and off takes it away', async () => {
    const gateway = await stage();
    expect((await gateway.get('/own', BROWSER)).text).toContain('<h1>502 Bad Gateway</h1>');
    const off = await gateway.get('/off', BROWSER);
    expect([off.status, off.text.includes('Request id')]).toEqual([502, true]);
  });

  test.each(['Accept: application/json', 'Accept: */*', 'X-None: 1'])(
    '%s gets problem+json',
    async (accept) => {
      const gateway = await stage();
      const { head, text } = await gateway.get('/nowhere', accept);
      const seen = [head.value('content-type'), JSON.parse(text).code];
      expect(seen).toEqual(['application/problem+json', 'no_route']);
    },
  );

  test('HEAD has the length and no body, and the connection goes on', async () => {
    const gateway = await stage();
    const client = await gateway.connect();
    for (const target of ['/none', '/gone']) {
      await client.send(request('HEAD', target, [BROWSER]));
      const head = await client.head();
      expect(head.value('content-length')).toBe(target === '/none' ? '4' : '5');
    }
    expect((await client.exchange(request('GET', '/none', [BROWSER]))).text).toBe('down');
  });
});

describe.each(laneKinds.filter(({ throughFastify }) => !throughFastify))(
  'errors of the service on $kind',
  ({ routes, files, extended }) => {
    const stage = async (said: string | (() => string) | null, ...keys: string[]) => {
      const service = await startService();
      if (said !== null) service.answer(said);
      const pages = 'errorPages: { 404: ./404.html, 5xx: ./5xx.html, services: true }';
      const yaml = routes('/db', service.port, pages, ...keys);
      return { service, gateway: await startTestGateway(yaml, { files: { ...FILES, ...files } }) };
    };

    test('have the page, with what does not describe the body', async () => {
      const said = answer(
        '503 Busy',
        'Content-Type: text/plain\r\nETag: "x"\r\nContent-Disposition: attachment\r\nVary: Cookie\r\nRetry-After: 9\r\nSet-Cookie: a=b\r\nContent-Encoding: gzip\r\n',
      );
      const { gateway } = await stage(said);
      const { head, status, text } = await gateway.get('/db/x', BROWSER, 'Range: bytes=0-1');
      expect([status, text, head.values('content-length')]).toEqual([503, 'down', ['4']]);
      expect(head.values('content-type')).toEqual(['text/html; charset=utf-8']);
      expect([head.value('retry-after'), head.value('set-cookie')]).toEqual(['9', 'a=b']);
      expect(head.values('vary').join()).toContain('Accept');
      for (const gone of ['etag', 'content-disposition', 'content-encoding'])
        expect(head.values(gone), gone).toEqual([]);
      expect(await gateway.log.exchange(503)).toMatchObject({ bytesOut: 4 });
    });

    test('stay as they are for programs, and where there is no page', async () => {
      let said = answer('500 Oh', 'Content-Type: text/plain\r\n');
      const { gateway } = await stage(() => said);
      const client = await gateway.connect();
      for (const fields of [[], [BROWSER], [], [BROWSER]]) {
        const { text, head } = await client.exchange(request('GET', '/db/x', fields));
        expect([text, head.value('vary')]).toEqual([fields[0] ? 'down' : 'the service itself', 'Accept']);
      }
      for (const status of ['403 No', '200 OK', '304 Not Modified']) {
        const body = status.startsWith('304') ? '' : 'itself';
        said = answer(status, 'ETag: "x"\r\n', body);
        const other = await gateway.get('/db/x', BROWSER, 'If-None-Match: "x"');
        const seen = [other.text, other.head.value('etag'), other.head.value('vary')];
        expect(seen).toEqual([body, '"x"', undefined]);
      }
    });

    test('a body without an end of its own, HEAD, and the requests that follow', async () => {
      const { gateway, service } = await stage('');
      service.answer(({ method }) =>
        method === 'HEAD'
          ? answer('500 Oh', '', '')
          : 'HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nchunk\r\n0\r\nX-Sum: 1\r\n\r\n',
      );
      const client = await gateway.connect();
      const first = await client.exchange(request('POST', '/db/x', [BROWSER, 'Content-Length: 2'], 'ab'));
      const seen = [first.status, first.text.includes('<h1>404'), first.head.value('trailer')];
      expect(seen).toEqual([404, true, undefined]);
      await client.send(request('HEAD', '/db/x', [BROWSER]));
      expect((await client.head()).value('content-length')).toBe('4');
      expect((await client.exchange(request('GET', '/db/x', [BROWSER]))).status).toBe(404);
    });

    test.each(extended ? [[]] : [[], ['cache: { errors: true }']])(
      'a service that never ends its body: the page does, its connection is closed, and the next request is answered %#',
      async (...keys) => {
        const { gateway, service } = await stage(null, ...keys);
        const client = await gateway.connect();
        const connection = await service.reachedBy(client, request('GET', '/db/x', [BROWSER]));
        await connection.send('HTTP/1.1 500 Oh\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\nbo');
        expect((await client.head()).value('content-length')).toBe('4');
        expect(`${await client.bytes(4)}`).toBe('down');
        await connection.ending();
        expect(await gateway.log.exchange(500)).toMatchObject({ bytesOut: 4 });
        service.answer(answer('500 Oh'));
        expect((await client.exchange(request('GET', '/db/y', [BROWSER]))).text).toBe('down');
      },
    );

    test('a service that breaks off its body: the page ends whole, and the next request is answered', async () => {
      const { gateway, service } = await stage(null);
      const client = await gateway.connect();
      const connection = await service.reachedBy(client, request('GET', '/db/x', [BROWSER]));
      await connection.send('HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nbo');
      await client.head();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      onTestFinished(() => void vi.useRealTimers());
      connection.destroy();
      expect(`${await client.bytes(4)}`).toBe('down');
      // The time for a slow reader of the page must not end a connection whose client has it.
      vi.advanceTimersByTime(10_000);
      vi.useRealTimers();
      expect(await gateway.log.exchange(500)).toMatchObject({ bytesOut: 4, code: 'answer_truncated' });
      service.answer(answer('500 Oh'));
      expect((await client.exchange(request('GET', '/db/y', [BROWSER]))).text).toBe('down');
    });

    test.skipIf(extended)('are compressed, and cached as the service said them', async () => {
      const { gateway, service } = await stage(
        answer('404 No', 'Cache-Control: max-age=60\r\nContent-Type: text/plain\r\n'),
        'cache: { errors: true }',
        'compress: { minimum: 1B }',
      );
      const first = await gateway.get('/db/x', BROWSER, 'Accept-Encoding: gzip');
      expect(gunzipSync(first.body).toString()).toContain('<h1>404 Not Found</h1>');
      expect(first.head.values('vary')).toEqual(['Accept', 'Accept-Encoding']);
      expect((await gateway.get('/db/x', 'Accept-Encoding: identity')).text).toBe('the service itself');
      expect((await gateway.get('/db/x', BROWSER, 'Accept-Encoding: identity')).text).toContain('<h1>404');
      expect(service.requests).toHaveLength(1);
    });
  },
);

test('over HTTP/2, of the gateway and of the service; a handshake is answered as ever', async () => {
  const service = (await startService()).answer(answer('500 Oh'));
  const yaml = `${PAGES.replace(' }', ', services: true }')}routes:\n  /db: ${service.port}\n`;
  const gateway = await startTestGateway(yaml, { files: FILES });
  const session = await connectH2(gateway.port, 'http');
  const accept = 'text/html';
  const own = await exchangeH2(session, { ':path': '/nowhere', accept });
  expect([own.status, own.text.includes('<h1>404')]).toEqual([404, true]);
  const its = await exchangeH2(session, { ':path': '/db/x', accept });
  expect([its.status, its.text]).toEqual([500, 'down']);
  const posted = await exchangeH2(session, { ':path': '/db/x', ':method': 'POST', accept }, 'a body');
  expect([posted.status, posted.text]).toEqual([500, 'down']);
  session.destroy();
  expect((await gateway.exchange(handshake('/db/x'))).text).toBe('the service itself');
});

test('a page that changes is taken over, and so is another file', async () => {
  const yaml = `${PAGES}routes: {}\n`;
  const gateway = await startTestGateway(yaml, { files: FILES });
  const text = async () => (await gateway.get('/nowhere', BROWSER)).text;
  const file = join(dirname(gateway.configFile), '404.html');
  await writeFile(file, 'soon');
  await until('the new page', async () => (await text()) === 'soon');
  await writeFile(file, 'x'.repeat(256 * 1024 + 1));
  await gateway.log.find('rejection', ({ msg }) => `${msg}`.includes('was rejected'));
  expect(await text()).toBe('soon');
  await gateway.editAndReload(yaml.replace('404.html', '5xx.html'));
  expect(await text()).toBe('down');
});

test('what can not be a page is a problem of the file, said once', async () => {
  const yaml = `errorPages: { 404: ./missing.html }\nroutes:\n  /a: { to: 1, errorPages: { 5xx: ./large.html } }\n  /b: 2\n`;
  const started = startTestGateway(yaml, { files: { 'large.html': 'x'.repeat(256 * 1024 + 1) } });
  const { message } = await started.then(
    () => new Error('it started'),
    (cause) => cause,
  );
  expect(message.match(/an HTML file of at most 256 KiB/g)).toHaveLength(2);
  expect(message).toMatch(/1:20 +errorPages.404 /);
  expect(message).toMatch(/routes.\/a.errorPages.5xx .*256 KiB/);
  for (const [pages, said] of [
    ['302: ./a.html', 'a status from 400 to 599'],
    ['5x: ./a.html', 'a status from 400 to 599'],
    ['404: ./a.txt', 'the path of an HTML file'],
  ] as const)
    await expect(startTestGateway(`errorPages: { ${pages} }\nroutes: {}\n`)).rejects.toThrow(said);
});

test('in development the page is there, too, and programs still get the routes', async () => {
  const gateway = await startTestGateway(`errorPages: { 404: ./404.html }\nroutes: { /a: 1 }\n`, {
    files: FILES,
    mode: 'development',
  });
  expect((await gateway.get('/nowhere', BROWSER)).text).toContain('<h1>404');
  expect(JSON.parse((await gateway.get('/nowhere')).text).routes).toEqual(['/a']);
});

test('explain and the configuration that is shown tell of them', async () => {
  const gateway = await startTestGateway(`${PAGES}admin: 3900\nroutes: { /a: 1 }\n`, { files: FILES });
  const admin = async (path: string) => (await gateway.admin('GET', path)).text;
  expect(await admin('/explain?url=/a/x')).toContain(
    'errors of the gateway have pages where a browser asks: 404, 4xx, 5xx',
  );
  const { routes, unrouted } = JSON.parse(await admin('/config')).config;
  const seen = routes[0].policies.errorPages;
  expect(seen).toMatchObject({ services: false, pages: [{ statuses: '404' }, {}, {}] });
  expect(unrouted.errorPages.pages).toHaveLength(3);
});

test('the example of the page does what the page says', async () => {
  const service = (await startService()).answer(answer('503 Closed'));
  const yaml = pageExample('error-pages.md')
    .replace('3001', String(service.port))
    .replace('3002', '1')
    .replace('./site', '.');
  const gateway = await startTestGateway(yaml, {
    files: {
      '404.html': 'lost',
      'down.html': 'down',
      'shop-closed.html': 'closed',
      'index.html': 'home',
    },
  });
  expect((await gateway.get('/', BROWSER)).text).toBe('home');
  expect((await gateway.get('/nowhere', BROWSER)).text).toBe('lost');
  expect((await gateway.get('/shop/x', BROWSER)).text).toBe('closed');
  expect((await gateway.get('/api/x', BROWSER)).text).toContain('Request id');
});
