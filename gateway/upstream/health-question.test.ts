import { describe, expect, onTestFinished, test } from 'vitest';
import type { HealthConfig } from '../model/config.ts';
import { startDeafPort } from '../proof/testing/deaf-port.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { chunk, ok, reply, startService } from '../proof/testing/service.ts';
import { askHealth, type Finding } from './health-question.ts';

const RHYTHM = { intervalMs: 1_000, timeoutMs: 2_000, unhealthyAfter: 3, healthyAfter: 2 };
const TCP: HealthConfig = { kind: 'tcp', ...RHYTHM };
const HTTP: HealthConfig = { kind: 'http', path: '/healthz?deep=1', statuses: [[200, 399]], ...RHYTHM };

function ask(port: number, overrides: Partial<HealthConfig> = {}): Promise<Finding> {
  return new Promise((resolve) => {
    onTestFinished(askHealth(localAddress(port), { ...HTTP, ...overrides } as HealthConfig, resolve));
  });
}

describe('a question over HTTP', () => {
  test('is one plain GET on a connection of its own, with the Host of the endpoint', async () => {
    const service = (await startService()).answer(ok());
    expect(await ask(service.port)).toEqual({ kind: 'well' });
    expect(service.request.head.raw).toBe(
      `GET /healthz?deep=1 HTTP/1.1\r\nHost: localhost:${service.port}\r\nUser-Agent: portway-health\r\nConnection: close\r\n\r\n`,
    );
    expect(await service.connections[0]!.ending()).toBe('fin');
  });

  test.each([
    [200, [[200, 399]] as const, true],
    [399, [[200, 399]] as const, true],
    [400, [[200, 399]] as const, false],
    [503, [[200, 399]] as const, false],
    [
      404,
      [
        [200, 204],
        [404, 404],
      ] as const,
      true,
    ],
    [
      205,
      [
        [200, 204],
        [404, 404],
      ] as const,
      false,
    ],
  ])('answered %d where %j is meant to be healthy: %s', async (status, statuses, well) => {
    const service = (await startService()).answer(reply(status));
    const problem = `GET /healthz?deep=1 ${status}`;
    expect(await ask(service.port, { statuses })).toEqual(
      well ? { kind: 'well' } : { kind: 'ill', problem, reached: true },
    );
  });

  test('takes 1xx for no answer', async () => {
    const service = (await startService()).answer(`HTTP/1.1 103 Early\r\n\r\n${reply(503)}`);
    expect(await ask(service.port)).toMatchObject({ kind: 'ill' });
  });

  test('is answered by the head alone, whatever becomes of the body', async () => {
    const service = await startService();
    const answered = ask(service.port, { timeoutMs: 300 });
    const connection = await service.connection();
    await connection.head();
    await connection.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('and')}`);
    expect(await answered).toEqual({ kind: 'well' });
    expect(await connection.ending(3_000)).not.toBeNull();
  });

  test.each([
    ['answers nothing', async () => undefined, 'not answered within 100 ms'],
    ['hangs up', async (_r: unknown, c: { fin(): void }) => c.fin(), 'the service hung up'],
    ['resets', async (_r: unknown, c: { reset(): void }) => c.reset(), 'the service hung up'],
    ['answers garbage', async () => 'SSH-2.0-OpenSSH_9.2\r\n', 'the service answered garbage'],
    [
      'switches protocols',
      async () => 'HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      'answered with an upgrade',
    ],
  ])('to a service that %s finds that', async (_what, script, problem) => {
    const service = (await startService()).answer(script as never);
    const timeoutMs = problem.startsWith('not') ? 100 : 2_000;
    expect(await ask(service.port, { timeoutMs })).toEqual({
      kind: 'ill',
      problem: `GET /healthz?deep=1 ${problem}`,
      reached: true,
    });
  });

  test('that was given up leaves nothing behind, and is not answered', async () => {
    const service = await startService();
    let answered = false;
    const giveUp = askHealth(localAddress(service.port), HTTP, () => {
      answered = true;
    });
    const connection = await service.connection();
    await connection.head();
    giveUp();
    expect(await connection.ending()).not.toBeNull();
    expect(answered).toBe(false);
  });
});

describe.each([
  ['over HTTP', {}],
  ['by a connection', TCP],
])('a question %s', (_how, config) => {
  test('to where nothing listens says so', async () => {
    const port = await freePort();
    expect(await ask(port, config)).toEqual({
      kind: 'ill',
      problem: `nothing listens on ${port}`,
      reached: false,
    });
  });

  test('to where nobody answers ends in time', async () => {
    const port = await startDeafPort();
    expect(await ask(port, { ...config, timeoutMs: 100 })).toMatchObject({ kind: 'ill', reached: false });
  });
});

test('a question by a connection is content with one, and closes it', async () => {
  const service = await startService();
  expect(await ask(service.port, TCP)).toEqual({ kind: 'well' });
  expect(await (await service.connection()).ending()).not.toBeNull();
});
