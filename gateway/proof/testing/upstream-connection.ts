import { onTestFinished } from 'vitest';
import type { Connection } from '../../exchange/connection.ts';
import type { BodySink, RequestBody, UpstreamRequest } from '../../exchange/contract.ts';
import { ServiceConnection } from '../../wire/service-connection.ts';
import { SocketMemory } from '../../wire/socket-memory.ts';
import { AnswerRecorder, upstreamRequest } from './answer-recorder.ts';
import { localAddress } from './endpoint-address.ts';

/** A connection, and the events that its owner received: `released`, `disconnected`. */
export function connectionTo(
  port: number,
  overrides: Parameters<typeof localAddress>[1] = {},
  connectTimeoutMs = 1_000,
) {
  const told: string[] = [];
  const owner = {
    released: () => told.push('released'),
    disconnected: () => told.push('disconnected'),
  };
  const address = localAddress(port, overrides);
  const connection: Connection = new ServiceConnection(address, connectTimeoutMs, owner, new SocketMemory());
  onTestFinished(() => connection.close());
  return { connection, told };
}

/** A request on it, and its outcome. */
export function sending(connection: Connection, overrides: Partial<UpstreamRequest> = {}) {
  const answer = new AnswerRecorder();
  return { answer, call: connection.send(upstreamRequest(overrides), answer) };
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
