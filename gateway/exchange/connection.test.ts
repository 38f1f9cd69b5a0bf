import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AnswerRecorder, upstreamRequest } from '../proof/testing/answer-recorder.ts';
import { startDeafPort } from '../proof/testing/deaf-port.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { selfSigned } from '../proof/testing/self-signed.ts';
import { ok, startService } from '../proof/testing/service.ts';
import { connectionTo, flowing, sending } from '../proof/testing/upstream-connection.ts';

describe('exchanges on one connection', () => {
  test('tell which of them found it used', async () => {
    const service = (await startService()).answer(ok());
    const { connection, told } = connectionTo(service.port);
    const events: string[][] = [];
    for (let i = 0; i < 3; i++) {
      const { answer } = sending(connection);
      await answer.outcome();
      events.push(answer.events);
    }
    expect(events.map(([first]) => first)).toEqual(['started', 'started reused', 'started reused']);
    expect([told, service.connections.length]).toEqual([['released', 'released', 'released'], 1]);
  });

  test('are the last ones on it where the service says so', async () => {
    const service = (await startService()).answer(ok('', 'Connection: close'));
    const { connection, told } = connectionTo(service.port);
    expect(await sending(connection).answer.outcome()).toBe('end');
    await until('nobody sends on it again', () => connection.closed || told.includes('disconnected'));
  });

  test('stay on it over TLS, whatever host they are for', async () => {
    const { key, cert } = selfSigned('localhost');
    const authorities = tls.getCACertificates('default');
    tls.setDefaultCACertificates([cert]);
    onTestFinished(() => tls.setDefaultCACertificates(authorities));
    let accepted = 0;
    const server = tls.createServer({ key, cert }, (socket) => {
      accepted++;
      socket.on('error', () => {}).on('data', () => socket.write(ok()));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { connection } = connectionTo(port, { tls: true });
    for (const host of ['a.test', 'b.test', 'localhost', '127.0.0.1']) {
      expect(await sending(connection, { fields: ['Host', host] }).answer.outcome()).toBe('end');
    }
    expect(accepted).toBe(1);
  });

  test('are told of an end while nobody uses it', async () => {
    const service = (await startService()).answer(ok());
    const { connection, told } = connectionTo(service.port);
    await sending(connection).answer.outcome();
    service.connections[0]?.fin();
    await until('it is told', () => told.at(-1) === 'disconnected');
  });

  test('end when the newest answer says so, though an older one said later', async () => {
    const service = (await startService()).answer(({ target }) =>
      ok('', `Keep-Alive: timeout=${target === '/later' ? 5 : 2}`),
    );
    const { connection, told } = connectionTo(service.port);
    await sending(connection, { target: '/later' }).answer.outcome();
    await sending(connection, { target: '/sooner' }).answer.outcome();
    await until('it is told', () => told.at(-1) === 'disconnected', 3_500);
  });

  test.each([
    ['bytes that belong to no answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['garbage', 'SSH-2.0\r\n'],
  ])('end with %s behind them', async (_what, bytes) => {
    const service = (await startService()).answer(ok());
    const { connection, told } = connectionTo(service.port);
    const { answer } = sending(connection);
    expect(await answer.outcome()).toBe('end');
    await service.connections[0]?.send(bytes);
    await until('it is thrown away', () => told.at(-1) === 'disconnected');
    expect(await service.connections[0]?.ending()).toBeTruthy();
  });
});

test('in the wire lane a connection in which the end of a request still waits carries no other', async () => {
  const service = await startService();
  const { connection, told } = connectionTo(service.port);
  const bytes = 32 * 1024 * 1024;
  const { body, source } = flowing(bytes);
  const { answer } = sending(connection, { method: 'PUT', body });
  const sink = await source;
  sink.data(Buffer.alloc(bytes));
  sink.end([]);
  const early = await service.connection();
  await early.head();
  await early.send(ok());
  expect(await answer.outcome()).toBe('end');
  expect([connection.closed, told]).toEqual([true, ['released']]);
});

describe('a request that is given up', () => {
  test('while connecting ends the attempt, tells nothing, and the connection is of no more use', async () => {
    const { connection, told } = connectionTo(await startDeafPort(), {}, 60_000);
    const { answer, call } = sending(connection);
    call.abort();
    await until('its owner is told', () => told.includes('released'));
    expect([answer.events, connection.closed, connection.busy]).toEqual([[], true, false]);
  });

  test.each([
    ['before an answer', ''],
    ['in the middle of one', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
  ])('%s ends its connection, and tells nothing more', async (_what, bytes) => {
    const service = await startService();
    const { connection: ours, told } = connectionTo(service.port);
    const { answer, call } = sending(ours);
    const connection = await service.connection();
    await connection.head();
    if (bytes !== '') {
      await connection.send(bytes);
      await answer.answered;
    }
    const before = answer.events.length;
    call.abort();
    call.abort();
    await connection.ending();
    await until('its owner is told', () => told.includes('released'));
    expect(told.filter((what) => what === 'released').length).toBe(1);
    expect(answer.events.slice(before).filter((event) => !event.startsWith('data'))).toEqual([]);
    expect(ours.closed).toBe(true);
  });

  test('after its answer is nobody’s business', async () => {
    const service = (await startService()).answer(ok());
    const { connection, told } = connectionTo(service.port);
    const { answer, call } = sending(connection);
    await answer.outcome();
    call.abort();
    expect(await sending(connection).answer.outcome()).toBe('end');
    expect([told, service.connections.length]).toEqual([['released', 'released'], 1]);
  });
});

describe('a failure', () => {
  test.each<[string, () => Promise<number>, string]>([
    ['to connect', freePort, 'fail connection_refused'],
    [
      'before an answer',
      async () =>
        (await startService()).answer((_request, connection) => {
          connection.reset();
          return undefined;
        }).port,
      'fail ECONNRESET',
    ],
  ])('%s releases the connection once, closed', async (_what, port, expected) => {
    const { connection, told } = connectionTo(await port());
    const { answer } = sending(connection);
    expect(await answer.outcome()).toBe(expected);
    await until('its owner is told', () => told.includes('released'));
    expect(told.filter((what) => what === 'released').length).toBe(1);
    expect([connection.closed, connection.busy]).toEqual([true, false]);
  });

  test('of what receives the answer ends the exchange, and frees the connection once', async () => {
    const service = (await startService()).answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const { connection, told } = connectionTo(service.port);
    const answer = new AnswerRecorder();
    answer.end = () => {
      throw new Error('no room for trailers');
    };
    connection.send(upstreamRequest(), answer);
    expect(await answer.outcome()).toBe('fail no room for trailers');
    expect(told).toEqual(['released']);
  });
});
