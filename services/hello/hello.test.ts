import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawExchange } from '../kit/testing/raw-http.ts';
import { type ServiceProcess, startService } from '../kit/testing/service-process.ts';

describe('hello, the first server of the notes', () => {
  let hello: ServiceProcess;
  beforeAll(async () => {
    hello = await startService('hello');
  });
  afterAll(() => hello.end('SIGKILL'));

  it.each([
    ['GET', '/', 'Welcome to the home page'],
    ['POST', '/', 'Welcome to the home page'],
    ['GET', '/getSecretData', 'Your secret data is here'],
    ['DELETE', '/getSecretData', 'Your secret data is here'],
    ['GET', '/getSecretData/', 'Hello World'],
    ['GET', '/?x=1', 'Hello World'],
    ['GET', '/home', 'Hello World'],
    ['GET', '//', 'Hello World'],
    ['GET', '/healthz', 'Hello World'],
    ['PROPFIND', '/%2e%2e/x', 'Hello World'],
  ])('answers %s %s with "%s" and no other byte', async (method, target, expected) => {
    const answer = await rawExchange(
      hello.port,
      `${method} ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toBe(expected);
  });

  it('is a page with the way back for a browser, which says what this is', async () => {
    const headers = { accept: 'text/html', 'x-forwarded-prefix': '/hello', 'x-forwarded-host': 'a.test' };
    const answer = await fetch(`${hello.url}/`, { headers });
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await answer.text();
    expect(page).toContain('<h1>Welcome to the home page</h1>');
    expect(page).toContain('<a href="../" rel="noreferrer">Map</a>');
    expect(page).toContain('curl http://a.test/hello/');
    const direct = await (await fetch(`${hello.url}/`, { headers: { accept: 'text/html' } })).text();
    expect(direct).not.toContain('>Map<');
  });

  it('answers HEAD without a body', async () => {
    const answer = await rawExchange(hello.port, 'HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(answer.status).toBe(200);
    expect(answer.body).toBe('');
  });
});
