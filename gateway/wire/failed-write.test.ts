import { describe, expect, test } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { startService } from '../proof/testing/service.ts';
import { connectionTo, flowing, sending } from '../proof/testing/upstream-connection.ts';

/** An upload of ten bytes, of which the service has five. */
async function upload() {
  const service = await startService();
  const { connection, told } = connectionTo(service.port);
  const { body, source } = flowing(10);
  const { answer, call } = sending(connection, { method: 'PUT', body });
  const sink = await source;
  sink.data(Buffer.from('first'));
  const theirs = await service.connection();
  await theirs.head();
  await theirs.bytes(5);
  /** The service sends its last bytes and resets; the write of the rest fails before they are read. */
  const cross = (bytes: string) => {
    theirs.socket.write(bytes);
    theirs.socket.resetAndDestroy();
    sink.data(Buffer.from('other'));
  };
  return { service, connection, told, answer, call, sink, theirs, cross };
}

describe('an answer that waits on a connection whose write failed', () => {
  test('is read, and the connection is used no more', async () => {
    const { answer, told, sink, connection, cross } = await upload();
    cross('HTTP/1.1 401 Who\r\nContent-Length: 2\r\n\r\nno');
    sink.end([]);
    await answer.outcome();
    expect(answer.events).toEqual(['started', '401', 'data no', 'end']);
    expect([told, connection.closed]).toEqual([['released'], true]);
  });

  test('is held back while it is paused', async () => {
    const { answer, call, theirs, cross } = await upload();
    await theirs.send('HTTP/1.1 401 Who\r\nContent-Length: 40005\r\n\r\nfirst');
    await until('it has begun', () => answer.events.includes('data first'));
    call.pause();
    cross('x'.repeat(40_000));
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(answer.events).toEqual(['started', '401', 'data first']);
    call.resume();
    expect(await answer.outcome()).toBe('end');
    expect(answer.events.join('').split('x')).toHaveLength(40_001);
  });

  test.each([
    ['that never came', '', ['started']],
    ['of half a head', 'HTTP/1.1 401', ['started']],
    ['that breaks off', 'HTTP/1.1 401 Who\r\nContent-Length: 3\r\n\r\nno', ['started', '401', 'data no']],
    // Whether the service has ended it or the reset has cut it off can't be told.
    ['that ends with the connection', 'HTTP/1.1 401 Who\r\n\r\nno', ['started', '401', 'data no']],
  ])('fails by that write: one %s', async (_what, bytes, events) => {
    const { answer, connection, cross } = await upload();
    cross(bytes);
    expect(await answer.outcome()).toMatch(/^fail (EPIPE|ECONNRESET)$/);
    expect(answer.events.slice(0, -1)).toEqual(events);
    expect(answer.cause).toMatchObject({ syscall: 'write' });
    expect(connection.closed).toBe(true);
  });

  test('is dropped where its request is given up', async () => {
    const { answer, call, connection, told, cross } = await upload();
    cross('HTTP/1.1 401 Who\r\nContent-Length: 2\r\n\r\nno');
    call.abort();
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(answer.events).toEqual(['started']);
    expect([told, connection.closed]).toEqual([['released'], true]);
  });
});
