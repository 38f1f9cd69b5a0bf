import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { chunk, ok, reply, startService } from '../testing/service.ts';

const mebibyte = 1024 * 1024;
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

describe.each(laneKinds)('bodies on $kind', ({ routes, files }) => {
  test('of any bytes arrive whole, both ways', async () => {
    const data = randomBytes(2 * mebibyte);
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer((received) => reply(200, [], received.body));
    const client = await gateway.connect();
    await client.send(request('PUT', '/db/', [`Content-Length: ${data.length}`]));
    void client.send(data);
    const answer = await client.answer();
    expect(sha256(answer.body)).toBe(sha256(data));
    expect(service.request.head.value('content-length')).toBe(String(data.length));
    expect(service.request.head.has('transfer-encoding')).toBe(false);
  });

  test('in chunks arrive in chunks', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(`${head}${chunk('one')}${chunk('two')}${chunk('')}`);
    const body = `3;ext="x"\r\nabc\r\n${chunk('def')}0\r\n\r\n`;
    const answer = await gateway.exchange(request('POST', '/db/', ['Transfer-Encoding: chunked'], body));
    expect(answer.text).toBe('onetwo');
    expect(answer.head.has('content-length')).toBe(false);
    expect(service.request.body.toString()).toBe('abcdef');
    expect(service.request.head.has('content-length')).toBe(false);
  });

  test('flow in both directions at once', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    await client.send(request('POST', '/db/', ['Transfer-Encoding: chunked']));
    const connection = await service.reachedBy(client, chunk('ping 0'));
    await connection.until('ping 0');
    await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.head();
    for (let turn = 1; turn <= 3; turn++) {
      await connection.send(chunk(`pong ${turn}`));
      expect((await client.chunk()).toString()).toBe(`pong ${turn}`);
      await client.send(chunk(`ping ${turn}`));
      await connection.until(`ping ${turn}`);
    }
    await client.send(chunk(''));
    await connection.until('0\r\n\r\n');
    await connection.send(chunk(''));
    expect(await client.chunk()).toHaveLength(0);
  });

  test('an answer that ends with its connection is complete, and the client stays connected', async () => {
    const service = await startService();
    service.answer(async (_received, connection) => {
      await connection.send('HTTP/1.1 200 OK\r\n\r\nuntil the end');
      connection.fin();
      return undefined;
    });
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    const client = await gateway.connect();
    expect((await client.exchange(get('/db/'))).text).toBe('until the end');
    expect((await client.exchange(get('/db/'))).text).toBe('until the end');
  });

  test('an answer that breaks off is never taken for complete', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const chunked = `Transfer-Encoding: chunked\r\n\r\n${chunk('12345')}`;
    for (const [rest, how] of [
      ['Content-Length: 10\r\n\r\n12345', 'fin'],
      ['Content-Length: 10\r\n\r\n12345', 'reset'],
      [chunked, 'fin'],
      [chunked, 'reset'],
      [`${chunked}9\r\n1`, 'fin'],
      // The end of the trailers is missing.
      [`${chunked}0\r\n`, 'fin'],
      ['\r\n12345', 'reset'],
    ] as const) {
      const client = await gateway.connect();
      const connection = await service.reachedBy(client, get('/db/'));
      await connection.send(`HTTP/1.1 200 OK\r\n${rest}`);
      await client.until('12345');
      connection[how]();
      const { bytes } = await client.rest();
      expect([rest, how, bytes.toString()]).toEqual([rest, how, expect.not.stringMatching(/0\r\n\r\n$/)]);
    }
  });

  test('a slow reader holds the service back', async () => {
    const size = 64 * mebibyte;
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, get('/db/'));
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    const sent = connection.send(Buffer.alloc(size));
    await client.head();
    await client.discard(mebibyte);
    expect(connection.socket.writableLength).toBeGreaterThan(size / 2);
    await client.discard(size - mebibyte);
    await sent;
  });

  test('a slow service holds the client back', async () => {
    const size = 64 * mebibyte;
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    await client.send(request('PUT', '/db/', [`Content-Length: ${size}`]));
    const sent = client.send(Buffer.alloc(size));
    const connection = await service.connection();
    await connection.head();
    await connection.discard(mebibyte);
    expect(client.socket.writableLength).toBeGreaterThan(size / 2);
    await connection.discard(size - mebibyte);
    await sent;
    await connection.send(ok('all of it'));
    expect((await client.answer()).text).toBe('all of it');
  });

  test('requests that were sent ahead are answered in order', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer((received) => ok(received.target));
    const client = await gateway.connect();
    await client.send(get('/db/1') + request('POST', '/db/2', [], 'x') + get('/db/3'));
    const texts: string[] = [];
    for (let i = 0; i < 3; i++) texts.push((await client.answer()).text);
    expect(texts).toEqual(['/1', '/2', '/3']);
  });
});
