import { describe, expect, test } from 'vitest';
import type { RequestBody } from '../exchange/contract.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { ok, type ServiceConnection, startService } from '../proof/testing/service.ts';
import { connectionTo, flowing, sending } from '../proof/testing/upstream-connection.ts';

describe('what comes of an answer', () => {
  test.each<[string, string, string[]]>([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', ['200', 'data ok', 'end']],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      ['200', 'data ok', 'end'],
    ],
    [
      'chunks beside its head, which are read once and go on as one piece',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n002;x=y\r\nka\r\n1\r\ny\r\n0\r\nA: b\r\n\r\n',
      ['200', 'data okay', 'end'],
    ],
    ['no body', 'HTTP/1.1 204 None\r\n\r\n', ['204', 'end']],
    ['a length that it does not have', 'HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n', ['304', 'end']],
    [
      'answers before it',
      'HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      ['102', '103', '200', 'end'],
    ],
  ])('with %s', async (_what, bytes, events) => {
    const service = (await startService()).answer(bytes);
    const { answer } = sending(connectionTo(service.port).connection);
    await answer.outcome();
    expect(answer.events).toEqual(['started', ...events]);
  });

  const halfOf = async (bytes: string, end: (connection: ServiceConnection) => void) => {
    const service = await startService();
    const { answer } = sending(connectionTo(service.port).connection);
    const connection = await service.connection();
    await connection.head();
    await connection.send(bytes);
    await answer.answered;
    end(connection);
    return answer.outcome();
  };
  const untilTheEnd = 'HTTP/1.1 200 OK\r\n\r\nhalf';

  test('that ends with its connection', async () => {
    expect(await halfOf(untilTheEnd, (connection) => connection.fin())).toBe('end');
  });

  test.each<[string, string, (connection: ServiceConnection) => void]>([
    ['until the end of the connection, which is reset', untilTheEnd, (connection) => connection.reset()],
    [
      'inside its length',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
      (connection) => connection.fin(),
    ],
    [
      'inside a chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf',
      (connection) => connection.fin(),
    ],
    [
      'before its last chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      (connection) => connection.fin(),
    ],
  ])('that breaks off %s is a failure', async (_what, bytes, end) => {
    expect(await halfOf(bytes, end)).toMatch(/^fail /);
  });

  test('keeps names, order, repetitions and bytes of its fields and trailers', async () => {
    const fields = [
      'X-b',
      '1',
      'Set-Cookie',
      'a',
      'x-B',
      '\xe9',
      'Set-Cookie',
      'b',
      'Transfer-Encoding',
      'chunked',
    ];
    const lines = fields.map((part, at) => (at % 2 === 0 ? `${part}: ` : `${part}\r\n`)).join('');
    const service = (await startService()).answer(
      Buffer.from(`HTTP/1.1 200 OK\r\n${lines}\r\n0\r\nX-T: \xe9\r\nx-t: 2\r\n\r\n`, 'latin1'),
    );
    const { answer } = sending(connectionTo(service.port).connection);
    await answer.outcome();
    expect([answer.fields, answer.trailers]).toEqual([fields, ['X-T', '\xe9', 'x-t', '2']]);
  });

  test('is held back while it is paused', async () => {
    const service = await startService();
    const { answer, call } = sending(connectionTo(service.port).connection);
    const connection = await service.connection();
    await connection.head();
    const megabyte = 'x'.repeat(1024 * 1024);
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${16 * megabyte.length}\r\n\r\nfirst`);
    await until('it has begun', () => answer.events.includes('data first'));
    call.pause();
    let sent = 5;
    for (let i = 0; i < 16; i++) void connection.send(megabyte).then(() => (sent += megabyte.length));
    await until('the service can send no more', () => connection.socket.writableLength > 0);
    const before = answer.events.length;
    call.resume();
    await until('all of it has come', () => answer.events.at(-1) === 'end');
    expect(before).toBeLessThan(20);
  });
});

test('in the wire lane an answer that ended while it was held back holds nothing of the next one back', async () => {
  const service = (await startService()).answer(({ target }) => ok(target));
  const { connection } = connectionTo(service.port);
  const first = sending(connection, { target: '/1' });
  // Whoever takes the last bytes may be full.
  first.answer.data = () => first.call.pause();
  await first.answer.outcome();
  const second = sending(connection, { target: '/2' });
  await second.answer.outcome();
  expect(second.answer.events).toContain('data /2');
  expect(service.connections).toHaveLength(1);
});

describe('the body of a request', () => {
  test.each([
    ['with its length', 5, ['Content-Length', '5']],
    ['in chunks', null, []],
  ])('is sent %s', async (_what, length, fields) => {
    const service = (await startService()).answer(ok());
    const { body, source } = flowing(length);
    const { answer } = sending(connectionTo(service.port).connection, {
      method: 'POST',
      fields: ['Host', 'a', ...fields],
      body,
    });
    const sink = await source;
    sink.data(Buffer.from('he'));
    sink.data(Buffer.from('llo'));
    sink.end([]);
    expect(await answer.outcome()).toBe('end');
    expect(String(service.request.body)).toBe('hello');
    expect(service.request.head.value('content-length')).toBe(length === null ? undefined : '5');
  });

  test('is not read before there is a connection', async () => {
    const { body, source } = flowing(null);
    const { answer } = sending(connectionTo(await freePort()).connection, { method: 'POST', body });
    let read = false;
    void source.then(() => {
      read = true;
    });
    expect(await answer.outcome()).toBe('fail connection_refused');
    expect(read).toBe(false);
  });

  test('that fails gives its own reason, and the service sees that it is incomplete', async () => {
    const service = await startService();
    const { body, source } = flowing(null);
    const { answer } = sending(connectionTo(service.port).connection, { method: 'POST', body });
    const sink = await source;
    sink.data(Buffer.from('half'));
    const connection = await service.connection();
    await connection.head();
    await connection.until('half');
    sink.fail(Object.assign(new Error('the client left'), { code: 'LEFT' }));
    expect(await answer.outcome()).toBe('fail LEFT');
    const { bytes } = await connection.rest();
    expect(bytes.toString()).not.toContain('0\r\n\r\n');
  });

  test('stops where the answer is complete before it', async () => {
    const service = await startService();
    const { body, source } = flowing(null);
    const { connection: ours, told } = connectionTo(service.port);
    const { answer } = sending(ours, { method: 'POST', body });
    const sink = await source;
    sink.data(Buffer.from('half'));
    const connection = await service.connection();
    await connection.head();
    await connection.send('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
    expect(await answer.outcome()).toBe('end');
    await connection.ending();
    await until('nobody sends on it again', () => ours.closed || told.includes('disconnected'));
    expect(() => sink.data(Buffer.from('more'))).not.toThrow();
  });

  // undici had let go of it by then, and an error without a listener ended the process: a client could do that.
  test('may fail after the request was given up', async () => {
    const service = (await startService()).answer(ok());
    const { connection, told } = connectionTo(service.port);
    await sending(connection).answer.outcome();
    const body: RequestBody = {
      length: null,
      read: (sink) => sink.fail(new Error('no chunk')),
      pause() {},
      resume() {},
    };
    // On a kept connection undici waits for a turn of the event loop before it writes.
    sending(connection, { method: 'POST', body }).call.abort();
    await until('it is released', () => told.filter((what) => what === 'released').length === 2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(service.requests.length).toBe(1);
  });

  test('is held back by a service that does not read', async () => {
    const service = await startService();
    const { body, source, flow } = flowing(null);
    sending(connectionTo(service.port).connection, { method: 'POST', body });
    const sink = await source;
    await service.connection();
    for (let i = 0; i < 64 && !flow.includes('pause'); i++) {
      sink.data(Buffer.alloc(256 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(flow).toContain('pause');
  });
});
