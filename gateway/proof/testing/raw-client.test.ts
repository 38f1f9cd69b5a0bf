import { describe, expect, test } from 'vitest';
import { connect, get, request } from './raw-client.ts';
import { chunk, ok, reply, startService } from './service.ts';

/** The kit's two ends speak to each other here, without a gateway: what they report must be what was sent. */
describe('the test kit', () => {
  test('carries bytes exactly, both ways', async () => {
    const service = (await startService()).answer(reply(203, ['x-ODD:  \xe9 '], 'body'));
    const client = await connect(service.port);
    const answer = await client.exchange(request('PUT', '/a%2Fb?x=1', ['X-Latin: \xe9\xff'], 'up'));
    expect(answer.head.raw).toBe('HTTP/1.1 203 Reason\r\nx-ODD:  \xe9 \r\nContent-Length: 4\r\n\r\n');
    expect(service.request.head.raw).toBe(
      'PUT /a%2Fb?x=1 HTTP/1.1\r\nHost: gateway.test\r\nX-Latin: \xe9\xff\r\nContent-Length: 2\r\n\r\n',
    );
    expect(service.request.body.toString()).toBe('up');
  });

  test('reads interim answers, chunks and trailers', async () => {
    const service = await startService();
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    service.answer(`${interim}${head}${chunk('one')}${chunk('two')}0\r\nX-Sum: 6\r\n\r\n`);
    const answer = await (await connect(service.port)).exchange(get('/'));
    expect(answer.interim.map((interim) => interim.status)).toEqual([103]);
    expect(answer.text).toBe('onetwo');
    expect(answer.trailers.values('x-sum')).toEqual(['6']);
  });

  test.each([
    ['a bare LF in the head', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'],
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    [
      'a chunk size that is none',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n',
    ],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ])('refuses an answer with %s', async (_what, bytes) => {
    const service = (await startService()).answer(bytes);
    const client = await connect(service.port);
    await expect(client.exchange(get('/'))).rejects.toThrow('RFC 9112 does not allow');
  });

  test.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'],
    ['chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('short')}`],
  ])('tells a body with %s that was cut from one that is complete', async (_what, bytes) => {
    const service = await startService();
    service.answer(async (_request, connection) => {
      await connection.send(bytes);
      connection.fin();
      return undefined;
    });
    await expect((await connect(service.port)).exchange(get('/'))).rejects.toThrow('truncated');
  });

  test('tells a reset from an orderly end', async () => {
    const service = await startService();
    const resetter = await connect(service.port);
    const first = await service.connection();
    first.reset();
    expect(await resetter.ending()).toBe('reset');
    const leaver = await connect(service.port);
    leaver.fin();
    expect(await (await service.connection()).ending()).toBe('fin');
  });

  test('says what had arrived when a wait is over', async () => {
    const service = await startService();
    const client = await connect(service.port);
    await (await service.connection()).send('HTTP/1.1 200 OK\r\nX-Half');
    await expect(client.head(100)).rejects.toThrow(/within 100 ms.*open.*X-Half/);
  });

  test('leaves what is not asked for in the kernel', async () => {
    const service = await startService();
    const client = await connect(service.port);
    const connection = await service.connection();
    const sent = connection.send(Buffer.alloc(64 * 1024 * 1024));
    await client.discard(1024 * 1024);
    expect(client.receivedBytes).toBeLessThan(8 * 1024 * 1024);
    await client.discard(63 * 1024 * 1024);
    await sent;
  });

  test('answers on one connection again and again', async () => {
    const service = await startService();
    service.answer((received) => ok(`${received.target} on ${received.connection}`));
    const client = await connect(service.port);
    expect((await client.exchange(get('/1'))).text).toBe('/1 on 0');
    expect((await client.exchange(get('/2'))).text).toBe('/2 on 0');
  });
});
