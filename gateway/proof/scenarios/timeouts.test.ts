import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startDeafPort } from '../testing/deaf-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { chunk, ok } from '../testing/service.ts';

/** Each case sets the one limit that it is about low, and leaves the others where they can't interfere. */
describe.each(laneKinds)('time limits on $kind', ({ routes, files }) => {
  async function stage(timeouts: string) {
    const { service, gateway } = await startRoute({ routes, files }, '/db', [`timeouts: { ${timeouts} }`]);
    return { service, gateway, client: await gateway.connect() };
  }

  test('a service that cannot be connected to in time: 504 connection_timeout', async () => {
    const yaml = routes('/db', await startDeafPort(), 'timeouts: { connect: 200ms }');
    const gateway = await startTestGateway(yaml, { files });
    const answer = await gateway.get('/db/');
    expect(answer.status).toBe(504);
    expect(answer.head.value('proxy-status')).toContain('connection_timeout');
  });

  test.each([
    ['says nothing', ''],
    ['stops inside the head', 'HTTP/1.1 200 OK\r\nX-Half: '],
    ['says only that it is processing', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('a service that %s: 504 http_response_timeout, and its connection is closed', async (_what, bytes) => {
    const { service, client } = await stage('response: 200ms');
    const connection = await service.reachedBy(client, get('/db/'));
    await connection.send(bytes);
    const answer = await client.answer();
    expect(answer.status).toBe(504);
    expect(answer.head.value('proxy-status')).toContain('http_response_timeout');
    await connection.ending();
  });

  test('the time for an answer begins when the request is complete', async () => {
    const { service, client } = await stage('response: 700ms');
    const connection = await service.reachedBy(client, request('PUT', '/db/', ['Content-Length: 9'], '0'));
    for (const byte of '12345678') {
      await pause(100);
      await client.send(byte);
    }
    expect((await connection.bytes(9)).toString()).toBe('012345678');
    await connection.send(ok('in time'));
    expect((await client.answer()).text).toBe('in time');
  });

  test.each([
    ['a length', 'Content-Length: 100\r\n\r\nfirst'],
    ['chunks', `Transfer-Encoding: chunked\r\n\r\n${chunk('first')}`],
    ['an open end', '\r\nfirst'],
  ])('an answer with %s that stops is cut, and its connection closed', async (_what, rest) => {
    const { service, client } = await stage('idle: 200ms');
    const connection = await service.reachedBy(client, get('/db/'));
    await connection.send(`HTTP/1.1 200 OK\r\n${rest}`);
    await client.until('first');
    const { bytes } = await client.rest();
    expect(bytes.toString()).not.toMatch(/0\r\n\r\n$/);
    await connection.ending();
  });

  test('an answer that pauses for less goes on', async () => {
    const { service, client } = await stage('idle: 1s');
    const connection = await service.reachedBy(client, get('/db/'));
    await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let part = 0; part < 4; part++) {
      await pause(300);
      await connection.send(chunk(`${part}`));
    }
    await connection.send(chunk(''));
    expect((await client.answer()).text).toBe('0123');
  });

  test('an upload that stops is answered 408, and the service is freed', async () => {
    const { service, client } = await stage('idle: 200ms');
    const connection = await service.reachedBy(
      client,
      request('PUT', '/db/', ['Content-Length: 100'], 'first'),
    );
    expect((await client.answer()).status).toBe(408);
    await client.ending();
    await connection.ending();
  });

  test('a client that stops reading is cut off, and the service is freed', async () => {
    const { service, client } = await stage('idle: 300ms');
    const connection = await service.reachedBy(client, get('/db/'));
    void connection.send('HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n');
    void connection.send(Buffer.alloc(64 * 1024 * 1024));
    await client.head();
    await connection.ending();
    await expect(client.discard(99_999_999)).rejects.toThrow('the connection ended');
  });

  test('an event stream may pause for longer', async () => {
    const { service, client } = await stage('idle: 200ms');
    const connection = await service.reachedBy(client, get('/db/', 'Accept: text/event-stream'));
    await connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n');
    await client.until('data: 1\n\n');
    await pause(600);
    await connection.send('data: 2\n\n');
    await client.until('data: 2\n\n');
  });

  test('a route that waits does not hold up another', async () => {
    const { service, gateway, client } = await stage('response: 10s');
    const hung = await service.reachedBy(client, get('/db/slow'));
    for (let probe = 0; probe < 5; probe++) {
      expect((await gateway.get('/nowhere')).status).toBe(404);
    }
    await hung.send(ok('late'));
    expect((await client.answer()).text).toBe('late');
  });
});
