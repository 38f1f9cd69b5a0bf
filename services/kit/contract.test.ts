import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAnswer, rawExchange, readToEnd } from './testing/raw-http.ts';
import { type ServiceProcess, startService } from './testing/service-process.ts';

let probe: ServiceProcess;
beforeAll(async () => {
  probe = await startService('kit/testing/probe');
});
afterAll(() => probe.end('SIGKILL'));

describe('health', () => {
  it.each(['/healthz', '/readyz'])('answers %s with 200', async (path) => {
    expect((await fetch(probe.url + path)).status).toBe(200);
  });
});

describe('refusals', () => {
  it.each([
    ['GET', '/nothing', 404, 'not_found'],
    ['DELETE', '/link', 405, 'method_not_allowed'],
    ['POST', '/body', 415, 'unsupported_media_type'],
    ['GET', '/fail', 500, 'internal'],
  ])('%s %s is problem+json %i with the code %s and the request id', async (method, path, status, code) => {
    const answer = await fetch(probe.url + path, { method, headers: { 'x-request-id': 'req-7' } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ type: 'about:blank', status, code, requestId: 'req-7' });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('names the methods that a path has', async () => {
    const answer = await fetch(`${probe.url}/link`, { method: 'DELETE' });
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it.each([
    ['a broken escape', 'GET /%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400],
    ['bytes that are no HTTP', '\x16\x03\x01\x00\r\n\r\n', 400],
    ['a huge head', `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('answers %s with problem+json and lives on', async (_name, bytes, status) => {
    const answer = await rawExchange(probe.port, bytes);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect((await fetch(`${probe.url}/healthz`)).status).toBe(200);
  });
});

describe('size limits', () => {
  const json = { 'content-type': 'application/json' };

  it('takes a body of exactly the limit', async () => {
    const answer = await fetch(`${probe.url}/body`, {
      method: 'POST',
      headers: json,
      body: 'a'.repeat(1000),
    });
    expect(await answer.json()).toEqual({ bytes: 1000 });
  });

  it('refuses an announced length above it before the body is sent', async () => {
    const head =
      'POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1001\r\n';
    const answer = await rawExchange(probe.port, `${head}connection: close\r\n\r\n`);
    expect(answer.status).toBe(413);
  });

  it('refuses a body of unknown length when it has passed the limit', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.alloc(600));
        controller.enqueue(Buffer.alloc(600));
        controller.close();
      },
    });
    const answer = await fetch(`${probe.url}/body`, { method: 'POST', headers: json, body, duplex: 'half' });
    expect(answer.status).toBe(413);
  });

  it('serves the next request of a connection whose last body it has refused in the middle', async () => {
    const chunk = `258\r\n${'a'.repeat(0x258)}\r\n`;
    const head = 'POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    const socket = connect(probe.port, '127.0.0.1');
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toContain(' 413 ');
    socket.write(
      `${chunk.repeat(500)}0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    );
    expect(parseAnswer(await readToEnd(socket))).toMatchObject({ status: 200 });
  });

  it('does not decode a compressed body', async () => {
    const headers = { ...json, 'content-encoding': 'gzip' };
    const answer = await fetch(`${probe.url}/body`, { method: 'POST', headers, body: 'x' });
    expect(answer.status).toBe(415);
  });
});

describe('the links that it makes', () => {
  it.each([
    ['directly', {}, { prefix: '' }],
    [
      'behind the gateway',
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example', 'x-forwarded-prefix': '/db' },
      { origin: 'https://shop.example', prefix: '/db', path: '/db/x' },
    ],
    [
      'behind a prefix with a slash at its end',
      { 'x-forwarded-prefix': '/a/b/' },
      { prefix: '/a/b', path: '/a/b/x' },
    ],
    ['with a prefix that would leave the origin', { 'x-forwarded-prefix': '//evil.example' }, { prefix: '' }],
    ['with a prefix that climbs', { 'x-forwarded-prefix': '/db/../x' }, { prefix: '' }],
    ['with a prefix that breaks out of HTML', { 'x-forwarded-prefix': '/"><script>' }, { prefix: '' }],
  ])('%s', async (_name, headers, expected) => {
    const answer = await fetch(`${probe.url}/link`, { headers: headers as Record<string, string> });
    expect(await answer.json()).toMatchObject(expected);
  });

  it('ignores a forwarded host that is none', async () => {
    const answer = await fetch(`${probe.url}/link`, { headers: { 'x-forwarded-host': 'a b"<x>' } });
    expect(await answer.json()).toMatchObject({ origin: `http://127.0.0.1:${probe.port}` });
  });
});

describe('the log', () => {
  it('has one line for each request, with the id that the gateway gave and without the query', async () => {
    await (await fetch(`${probe.url}/link?token=1`, { headers: { 'x-request-id': 'log-1' } })).text();
    await probe.logged('answered');
    await expect
      .poll(() => probe.log.filter((line) => line.requestId === 'log-1'))
      .toMatchObject([{ method: 'GET', path: '/link', status: 200, service: 'probe' }]);
  });

  it('leaves the line for each request to a supervisor that writes one itself', async () => {
    const supervised = await startService('kit/testing/probe', { env: { LOG_LEVEL: 'info' } });
    await (await fetch(`${supervised.url}/link`)).text();
    await (await fetch(`${supervised.url}/fail`)).text();
    await supervised.logged('a request failed');
    await supervised.end('SIGTERM');
    expect(supervised.log.filter(({ msg }) => msg === 'answered')).toEqual([]);
  });

  it('makes an id of its own where the given one can not stand in a log', async () => {
    const answer = await fetch(`${probe.url}/nothing`, { headers: { 'x-request-id': 'a "b"' } });
    expect(((await answer.json()) as { requestId: string }).requestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
