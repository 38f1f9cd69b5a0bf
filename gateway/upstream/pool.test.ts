import { describe, expect, onTestFinished, test } from 'vitest';
import type { UpstreamCall } from '../exchange/contract.ts';
import type { LimitsConfig } from '../model/config.ts';
import { AnswerRecorder, upstreamRequest } from '../proof/testing/answer-recorder.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { holdClock } from '../proof/testing/held-clock.ts';
import { until } from '../proof/testing/poll.ts';
import { ok, type ScriptedService, startService } from '../proof/testing/service.ts';
import { ConnectionPool } from './pool.ts';

function poolTo(port: number, limits: Partial<LimitsConfig>): ConnectionPool {
  const all = { connections: 1, waiting: 1, waitMs: 10_000, ...limits };
  const pool = new ConnectionPool(localAddress(port), 1_000, all);
  onTestFinished(() => pool.close());
  return pool;
}

interface Sent {
  readonly call: UpstreamCall;
  readonly answer: AnswerRecorder;
}

function send(pool: ConnectionPool, target = '/'): Sent {
  const answer = new AnswerRecorder();
  return { answer, call: pool.send(upstreamRequest({ target }), answer) };
}

/** A service that answers when it is told to, in any order. */
async function startPatientService(): Promise<{ service: ScriptedService; answer(target: string): void }> {
  const service = await startService();
  const held = new Map<string, PromiseWithResolvers<void>>();
  const gate = (target: string) => {
    const made = held.get(target) ?? Promise.withResolvers<void>();
    held.set(target, made);
    return made;
  };
  service.answer(async ({ target }) => {
    await gate(target).promise;
    return ok(target);
  });
  return { service, answer: (target) => gate(target).resolve() };
}

describe('a pool of connections', () => {
  test('opens a connection for each exchange at once, and no more than its bound', async () => {
    const { service, answer } = await startPatientService();
    const pool = poolTo(service.port, { connections: 2, waiting: 10 });
    const sent = ['/a', '/b', '/c'].map((target) => send(pool, target));
    await Promise.all(sent.slice(0, 2).map((each) => each.answer.begun));
    for (const target of ['/a', '/b', '/c']) answer(target);
    for (const each of sent) expect(await each.answer.outcome()).toBe('end');
    expect(service.connections.length).toBe(2);
  });

  test('lets those who wait begin in the order in which they came', async () => {
    const { service, answer } = await startPatientService();
    const pool = poolTo(service.port, { connections: 1, waiting: 10 });
    const targets = ['/a', '/b', '/c', '/d'];
    const sent = targets.map((target) => send(pool, target));
    for (const target of targets) answer(target);
    for (const each of sent) await each.answer.outcome();
    expect(service.requests.map(({ target }) => target)).toEqual(targets);
  });

  test('refuses who finds the queue full', async () => {
    const { service } = await startPatientService();
    const pool = poolTo(service.port, { connections: 1, waiting: 1 });
    send(pool, '/a');
    send(pool, '/b');
    expect(() => send(pool, '/c')).toThrow(expect.objectContaining({ code: 'queue_full' }));
  });

  test('lets nobody wait longer than its bound, and those that came later not shorter', async () => {
    const { service, answer } = await startPatientService();
    const clock = holdClock();
    const pool = poolTo(service.port, { connections: 1, waiting: 3, waitMs: 500 });
    const first = send(pool, '/a');
    const second = send(pool, '/b');
    clock.advance(400);
    const third = send(pool, '/c');
    clock.advance(99);
    expect(second.answer.events).toEqual([]);
    clock.advance(1);
    expect(second.answer.events).toEqual(['fail queue_timeout']);
    expect(third.answer.events).toEqual([]);
    answer('/a');
    answer('/c');
    expect([await first.answer.outcome(), await third.answer.outcome()]).toEqual(['end', 'end']);
    expect(service.requests.map(({ target }) => target)).toEqual(['/a', '/c']);
  });

  test('has room again when those who waited too long have gone', async () => {
    const { service, answer } = await startPatientService();
    const clock = holdClock();
    const pool = poolTo(service.port, { connections: 1, waiting: 2, waitMs: 400 });
    const first = send(pool, '/a');
    const late = [send(pool), send(pool)];
    clock.advance(400);
    for (const { answer } of late) expect(answer.events).toEqual(['fail queue_timeout']);
    const last = send(pool, '/b');
    answer('/a');
    answer('/b');
    expect([await first.answer.outcome(), await last.answer.outcome()]).toEqual(['end', 'end']);
  });

  test('forgets who gives up while waiting', async () => {
    const { service, answer } = await startPatientService();
    const pool = poolTo(service.port, { connections: 1, waiting: 1 });
    const first = send(pool, '/a');
    send(pool, '/gone').call.abort();
    const last = send(pool, '/b');
    answer('/a');
    answer('/b');
    expect(await last.answer.outcome()).toBe('end');
    expect(await first.answer.outcome()).toBe('end');
    expect(service.requests.map(({ target }) => target)).toEqual(['/a', '/b']);
  });

  test('uses the connection next that was used last', async () => {
    const { service, answer } = await startPatientService();
    const pool = poolTo(service.port, { connections: 2, waiting: 0 });
    const [a, b] = [send(pool, '/a'), send(pool, '/b')];
    await Promise.all([a.answer.begun, b.answer.begun]);
    for (const [target, sent] of [['/b', b] as const, ['/a', a] as const]) {
      answer(target);
      await sent.answer.outcome();
    }
    answer('/c');
    await send(pool, '/c').answer.outcome();
    const by = (target: string) => service.requests.find((request) => request.target === target)?.connection;
    expect(by('/c')).toBe(by('/a'));
  });

  test('gives the room of a connection that failed to who waits', async () => {
    const service = await startService();
    const pool = poolTo(service.port, { connections: 1, waiting: 1 });
    const [first, second] = [send(pool), send(pool)];
    const failing = await service.connection();
    await failing.request();
    failing.reset();
    expect(await first.answer.outcome()).toBe('fail ECONNRESET');
    const connection = await service.connection();
    await connection.request();
    await connection.send(ok());
    expect(await second.answer.outcome()).toBe('end');
  });

  // A storm on a dead service used to end the process: undici breaks over a request that it gets while it tells of a failure.
  test('fails everybody who waits for a service that refuses, one after the other', async () => {
    const pool = poolTo(await freePort(), { connections: 2, waiting: 10 });
    const sent = Array.from({ length: 8 }, () => send(pool));
    for (const { answer } of sent) expect(await answer.outcome()).toBe('fail connection_refused');
  });
});

describe('a pool that is closed', () => {
  test('closes what is idle at once', async () => {
    const service = (await startService()).answer(ok());
    const pool = poolTo(service.port, { connections: 2, waiting: 0 });
    await send(pool).answer.outcome();
    pool.close();
    expect(await service.connections[0]?.ending()).toBe('fin');
  });

  test('lets what is under way and who waits finish, and closes then', async () => {
    const { service, answer } = await startPatientService();
    const pool = poolTo(service.port, { connections: 1, waiting: 1 });
    const sent = [send(pool, '/a'), send(pool, '/b')];
    await sent[0]?.answer.begun;
    pool.close();
    answer('/a');
    answer('/b');
    for (const each of sent) expect(await each.answer.outcome()).toBe('end');
    await until('the connection is closed', () => service.connections[0]?.ended !== null);
  });
});
