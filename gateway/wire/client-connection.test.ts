import { expect, test } from 'vitest';
import { Clock } from '../exchange/timer-wheel.ts';
import { until } from '../proof/testing/poll.ts';
import { request } from '../proof/testing/raw-client.ts';
import { socketPair } from '../proof/testing/socket-pair.ts';
import { ClientConnection } from './client-connection.ts';
import { AnswerText } from './head-text.ts';
import { ReadBuffer } from './read-buffer.ts';
import { RequestReader } from './request-reader.ts';
import { SocketMemory } from './socket-memory.ts';
import { Turns } from './turns.ts';

/** A connection that carries every request, and pauses each body at its first piece. */
async function connected() {
  const pair = await socketPair();
  const near = new ReadBuffer(new SocketMemory()).adopt(pair.near).resume();
  const told: string[] = [];
  const connection = new ClientConnection(near, {
    reader: new RequestReader(),
    answers: new AnswerText(),
    memory: new SocketMemory(),
    clock: new Clock(),
    turns: new Turns(),
    draining: false,
    carrier: {
      carries(exchange) {
        exchange.listen({ drained() {}, closed: (completed) => told.push(`closed ${completed}`) });
        exchange.body!.read({
          data: () => exchange.body!.pause(),
          end: () => told.push('end'),
          fail: () => told.push('fail'),
        });
        return true;
      },
    },
    speaksHttp2: () => told.push('http2'),
    handOver: () => told.push('handed over'),
    refused: () => told.push('refused'),
    closed: () => told.push('gone'),
  });
  return { connection, near, far: pair.far, told };
}

test('a client that leaves is noticed, though whoever took the last piece of its body wanted no more for now', async () => {
  const { near, far, told } = await connected();
  await far.send(request('PUT', '/', [], 'all of it'));
  await until('its body has come', () => told.includes('end'));
  expect(near.isPaused()).toBe(false);
  far.destroy();
  await until('it is noticed', () => told.includes('gone'));
  expect(told).toEqual(['end', 'closed false', 'gone']);
});

test('only in the middle of a body is more of what was read to come', async () => {
  const whole = Buffer.from(request('PUT', '/', [], 'all of it'));
  const { connection, far } = await connected();
  expect(connection.received(whole, whole.length - 1)).toBe(true);
  expect((await connected()).connection.received(whole, whole.length)).toBe(false);
  expect((await connected()).connection.received(whole, 9)).toBe(false);
  far.destroy();
});
