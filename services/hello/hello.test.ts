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

  it('answers HEAD without a body', async () => {
    const answer = await rawExchange(hello.port, 'HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(answer.status).toBe(200);
    expect(answer.body).toBe('');
  });
});
