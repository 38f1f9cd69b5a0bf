import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../testing/browser.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, type ReceivedRequest, type ServiceConnection, startService } from '../testing/service.ts';

const DOCUMENT = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Accept-Encoding: gzip, br'];
const HTML = 'Content-Type: text/html; charset=utf-8';
const PAGE = '<!doctype html><html><head><title>x</title></head></html>';
const kinds = laneKinds.filter(({ throughFastify }) => !throughFastify);

describe.each(kinds)('escape: script on $kind', ({ routes, files }) => {
  async function stage(body: string, ...fields: string[]) {
    const service = (await startService()).answer(ok(body, ...fields));
    const yaml = `${routes('/vite', service.port, 'escape: script')}  /api: 1\n`;
    const gateway = await startTestGateway(yaml, { files, mode: 'development' });
    return { service, gateway };
  }

  test('puts a script behind <head>, and says nothing any more that was true of the bytes before', async () => {
    const { service, gateway } = await stage(PAGE, HTML, 'ETag: "1"', 'Last-Modified: x', 'Repr-Digest: y');
    const answer = await gateway.get('/vite/', ...DOCUMENT, 'If-None-Match: "1"');
    expect(answer.body.toString()).toMatch(
      /^<!doctype html><html><head><script>.*<\/script><title>x<\/title>/,
    );
    for (const name of ['etag', 'last-modified', 'repr-digest', 'content-length'])
      expect(answer.head.has(name)).toBe(false);
    expect(answer.head.value('vary')).toBe('Sec-Fetch-Mode');
    expect(service.request.head.value('accept-encoding')).toBe('identity');
    expect(service.request.head.has('if-none-match')).toBe(false);
    expect((await gateway.log.exchange(200)).bytesOut).toBe(answer.body.length);
  });

  test('stays behind an encoding that comes in a piece of its own', async () => {
    const service = (await startService()).answer(async (_request, connection) => {
      await connection.send(`HTTP/1.1 200 OK\r\n${HTML}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      await connection.send('6\r\n<head>\r\n');
      // Only so that it is read by itself; what comes of it depends on no time.
      await setTimeout(20);
      await connection.send('19\r\n<meta charset="utf-8"><p>\r\n0\r\n\r\n');
      return undefined;
    });
    const gateway = await startTestGateway(routes('/vite', service.port, 'escape: script'), {
      files,
      mode: 'development',
    });
    const { body } = await gateway.get('/vite/', ...DOCUMENT);
    expect(body.toString()).toMatch(/^<head><meta charset="utf-8"><script>.*<\/script><p>$/);
  });

  test('allows it in the policy of the page, by its hash', async () => {
    const { gateway } = await stage(PAGE, HTML, "Content-Security-Policy: default-src 'self'");
    const answer = await gateway.get('/vite/', ...DOCUMENT);
    const [, text] = /<script>(.*)<\/script>/.exec(answer.body.toString())!;
    const hash = createHash('sha256').update(text!).digest('base64');
    expect(answer.head.value('content-security-policy')).toBe(
      `default-src 'self'; script-src 'self' 'sha256-${hash}'`,
    );
  });

  test('streams: what follows the beginning waits for nothing', async () => {
    const service = (await startService()).answer(async (_request, connection) => {
      await connection.send(
        `HTTP/1.1 200 OK\r\n${HTML}\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n`,
      );
      await connection.send('9\r\n<head><p>\r\n');
      return undefined;
    });
    const yaml = routes('/vite', service.port, 'escape: script');
    const gateway = await startTestGateway(yaml, { files, mode: 'development' });
    const client = await gateway.connect();
    await client.send(`GET /vite/ HTTP/1.1\r\nHost: localhost\r\n${DOCUMENT.join('\r\n')}\r\n\r\n`);
    await client.head();
    expect(await client.until('<p>')).toMatch(/<html><head><script>.*<\/script><p>$/s);
    client.destroy();
  });

  const long = `<!-- ${'x'.repeat(20_000)} --><head>`;
  test.each([
    ['what is compressed', PAGE, [HTML, 'Content-Encoding: gzip'], DOCUMENT],
    ['what must not be changed', PAGE, [HTML, 'Cache-Control: no-transform'], DOCUMENT],
    ['what is downloaded', PAGE, [HTML, 'Content-Disposition: attachment'], DOCUMENT],
    ['UTF-16', PAGE, ['Content-Type: text/html; charset=utf-16le'], DOCUMENT],
    ['what is no HTML', PAGE, ['Content-Type: text/plain'], DOCUMENT],
    ['what says two types', PAGE, [HTML, 'Content-Type: text/plain'], DOCUMENT],
    ['a page whose sandbox lets no script run', PAGE, [HTML, 'Content-Security-Policy: sandbox'], DOCUMENT],
    ['what a page fetches', PAGE, [HTML], ['Sec-Fetch-Mode: cors', 'Accept: text/html']],
    ['what a program asks for', PAGE, [HTML], ['Accept: */*']],
    ['a part of a page', '<p>part', [HTML], ['Accept: text/html']],
    ['a document that begins too late', long, [HTML], DOCUMENT],
  ])('leaves %s alone', async (_what, body, answerFields, requestFields) => {
    const { gateway } = await stage(body, ...answerFields);
    expect((await gateway.get('/vite/', ...requestFields)).body.toString()).toBe(body);
  });

  test.each(['HEAD', 'GET'])('leaves %s alone where there is no document', async (method) => {
    const partial = `HTTP/1.1 206 Partial Content\r\n${HTML}\r\nContent-Range: bytes 0-5/9\r\nContent-Length: 6\r\n\r\n`;
    const service = (await startService()).answer(method === 'HEAD' ? partial : `${partial}<head>`);
    const yaml = routes('/vite', service.port, 'escape: script');
    const gateway = await startTestGateway(yaml, { files, mode: 'development' });
    const answer = await gateway.exchange(
      `${method} /vite/ HTTP/1.1\r\nHost: localhost\r\n${DOCUMENT.join('\r\n')}\r\n\r\n`,
    );
    expect(answer.body.toString()).toBe(method === 'HEAD' ? '' : '<head>');
    expect(answer.head.value('content-length')).toBe('6');
  });
});

test("a service worker's scope stays behind the prefix", async () => {
  const service = (await startService()).answer(ok('', 'Service-Worker-Allowed: /'));
  const gateway = await startTestGateway(`routes:\n  /vite: ${service.port}\n`, { mode: 'development' });
  expect((await gateway.get('/vite/sw.js')).head.value('service-worker-allowed')).toBe('/vite/');
});

const executable = findChromium();
if (executable === null)
  console.info('skipped: no Chromium on this machine (apt-get install chromium-headless-shell)');

describe.skipIf(executable === null)('in a browser, escape: script', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser(executable!);
  }, 60_000);
  afterAll(() => browser?.close());

  /** An application that believes it owns `/`, tells nobody where its requests come from, and lets hardly any script run. */
  async function application(name: string) {
    const meta = `<meta http-equiv="Content-Security-Policy" content="script-src 'nonce-1'; worker-src 'self'">`;
    const page = `<!doctype html><html><head>${meta}<title>${name}</title><base href="/"><script nonce="1">window.base = document.baseURI</script></head><body>${name}</body></html>`;
    const policy =
      "Content-Security-Policy: script-src 'nonce-1' 'strict-dynamic'; connect-src 'self'; worker-src 'self'";
    return (await startService()).answer(async (request, connection) => {
      if (request.head.has('upgrade')) return greet(request, connection, name);
      if (request.target.startsWith('/who')) return ok(name);
      if (request.target === '/sw.js') return ok('', 'Content-Type: text/javascript');
      return ok(page, HTML, 'Referrer-Policy: no-referrer', policy);
    });
  }

  const ASK = `Promise.all([
    fetch('/who').then((answer) => answer.text()),
    fetch(new Request(location.origin + '/who')).then((answer) => answer.text()),
    new Promise((done) => { const asked = new XMLHttpRequest(); asked.open('GET', '/who'); asked.onload = () => done(asked.responseText); asked.send(); }),
    new Promise((done) => { new WebSocket('ws://' + location.host + '/ws').onmessage = ({ data }) => done(data); }),
    fetch('/api/who').then((answer) => answer.text()),
  ])`;

  test('keeps two applications in two tabs apart, though neither says where its requests come from', async () => {
    const [one, two, api] = [await application('one'), await application('two'), await application('api')];
    const keys = 'escape: script';
    const yaml = `routes:\n  /one: { to: ${one.port}, ${keys} }\n  /two: { to: ${two.port}, ${keys} }\n  /api: ${api.port}\n`;
    const gateway = await startTestGateway(yaml, { mode: 'development' });
    const context = await browser.newContext();
    const [first, second] = [await context.newPage(), await context.newPage()];
    const complaints: string[] = [];
    first.on('console', (message) => complaints.push(message.text()));
    await first.goto(`http://localhost:${gateway.port}/one/`);
    await second.goto(`http://localhost:${gateway.port}/two/`);
    expect(await first.evaluate(ASK)).toEqual(['one', 'one', 'one', 'one', 'api']);
    expect(await second.evaluate(ASK)).toEqual(['two', 'two', 'two', 'two', 'api']);
    await first.evaluate("history.pushState(null, '', '/deep?x')");
    expect(new URL(first.url()).pathname).toBe('/one/deep');
    await first.evaluate("location.assign('/elsewhere')");
    await first.waitForURL('**/one/elsewhere');
    const scope = await first.evaluate(
      "navigator.serviceWorker.register('/sw.js', { scope: '/' }).then(({ scope }) => scope)",
    );
    expect(scope).toBe(`http://localhost:${gateway.port}/one/`);
    expect(await first.evaluate('base')).toBe(`http://localhost:${gateway.port}/one/`);
    expect(complaints).toEqual([]);
    expect(await first.locator('script:not([nonce])').count()).toBe(0);
    await context.close();
  });
});

/** RFC 6455 §4.2.2 */
async function greet(request: ReceivedRequest, connection: ServiceConnection, text: string) {
  const key = `${request.head.value('sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  await connection.send(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  await connection.send(Buffer.from([0x81, text.length, ...Buffer.from(text)]));
  return undefined;
}
