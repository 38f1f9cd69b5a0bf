import { onTestFinished } from 'vitest';
import type { BodySink, RequestBody, UpstreamRequest } from '../forward/exchange.ts';
import { UndiciConnection } from '../upstream/undici-connection.ts';
import { AnswerRecorder, upstreamRequest } from './answer-recorder.ts';
import { localAddress } from './endpoint-address.ts';

/** A connection, and what it has told its owner: `released`, `disconnected`. */
export function connectionTo(port: number, wish: Parameters<typeof localAddress>[1] = {}) {
  const told: string[] = [];
  const connection = new UndiciConnection(localAddress(port, wish), 1_000, {
    released: () => told.push('released'),
    disconnected: () => told.push('disconnected'),
  });
  onTestFinished(() => connection.close());
  return { connection, told };
}

/** A request on it, and what becomes of it. */
export function sending(connection: UndiciConnection, wish: Partial<UpstreamRequest> = {}) {
  const answer = new AnswerRecorder();
  return { answer, call: connection.send(upstreamRequest(wish), answer) };
}

/** A body that the test lets flow. */
export function flowing(length: number | null) {
  const read = Promise.withResolvers<BodySink>();
  const flow: string[] = [];
  const body: RequestBody = {
    length,
    read: (sink) => read.resolve(sink),
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
  };
  return { body, source: read.promise, flow };
}
