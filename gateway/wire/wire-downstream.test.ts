import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { AnswerText } from './head-text.ts';
import { RequestReader } from './request-reader.ts';
import { SocketMemory } from './socket-memory.ts';
import { type ExchangeConnection, WireDownstream } from './wire-downstream.ts';

const REQUEST = Buffer.from('GET /db HTTP/1.1\r\nHost: localhost\r\n\r\n');

/** A connection whose writes are done when the test says so, as over TLS, and what was written to it. */
function slowConnection() {
  const writes: string[] = [];
  const pending: (() => void)[] = [];
  const socket = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      writes.push(String(chunk));
      pending.push(done);
    },
  });
  const connection: ExchangeConnection = {
    socket: Object.assign(socket, { encrypted: true }) as unknown as Socket,
    pause() {},
    resume() {},
    peer: { address: '127.0.0.1', secure: true },
    answers: new AnswerText(),
    memory: new SocketMemory(),
    closes: false,
    closeAfterAnswer() {},
    answered() {},
  };
  const head = new RequestReader();
  head.read(REQUEST, 0, REQUEST.length);
  return { downstream: new WireDownstream(connection, head, null), writes, pending };
}

describe('over TLS, where no write is done at once', () => {
  test('an answer is one write, and over when that is done', async () => {
    const { downstream, writes, pending } = slowConnection();
    const ends: boolean[] = [];
    downstream.listen({ drained() {}, closed: (completed) => ends.push(completed) });
    downstream.head(200, 'OK', ['Content-Length', '5']);
    downstream.write(Buffer.from('hello'));
    downstream.end([]);
    expect([writes.length, writes[0]?.endsWith('hello'), ends]).toEqual([1, true, []]);
    pending[0]?.();
    await expect.poll(() => ends).toEqual([true]);
    expect(writes).toHaveLength(1);
  });

  test('what is held behind pieces that have gone out is the last write', async () => {
    const { downstream, writes, pending } = slowConnection();
    const ends: boolean[] = [];
    downstream.listen({ drained() {}, closed: (completed) => ends.push(completed) });
    downstream.head(200, 'OK', []);
    downstream.flushHeld();
    downstream.end([]);
    while (ends.length === 0) {
      pending.shift()?.();
      await new Promise(setImmediate);
    }
    expect([writes.length, writes[1], ends]).toEqual([2, '0\r\n\r\n', [true]]);
  });
});
