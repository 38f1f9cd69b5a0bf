import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HealthConfig } from '../config/model.ts';
import { localAddress } from '../testing/endpoint-address.ts';
import { freePort } from '../testing/free-port.ts';
import { Logbook } from '../testing/logbook.ts';
import { until } from '../testing/poll.ts';
import { ok, reply, type ScriptedService, startService } from '../testing/service.ts';
import type { HealthState } from './health-check.ts';
import { HealthChecks } from './health-checks.ts';

const CONFIG: HealthConfig = {
  kind: 'http',
  path: '/healthz',
  statuses: [[200, 399]],
  intervalMs: 20,
  timeoutMs: 20,
  unhealthyAfter: 3,
  healthyAfter: 2,
};

function newChecks(log = new Logbook()): HealthChecks {
  return new HealthChecks(pino({}, log));
}

/** A service that answers what it is told to, one answer after the other, and then the last of them for ever. */
async function startMoody(...statuses: number[]): Promise<ScriptedService> {
  const service = await startService();
  return service.answer(() => reply(statuses.length > 1 ? statuses.shift()! : statuses[0]!));
}

function watching(checks: HealthChecks, port: number, wish: Partial<HealthConfig> = {}) {
  const address = localAddress(port);
  const config = { ...CONFIG, ...wish } as HealthConfig;
  const states: HealthState[] = [];
  const watcher = { healthChanged: () => states.push(check.state) };
  const check = checks.watch(address, config, watcher);
  const leave = () => checks.leave(address, config, watcher);
  onTestFinished(leave);
  return { check, states, leave };
}

describe('a check', () => {
  test('begins with an endpoint of which nothing is known, and believes the first good answer', async () => {
    const service = (await startService()).answer(ok());
    const { check, states } = watching(newChecks(), service.port);
    expect([check.state, check.reason]).toEqual(['unknown', null]);
    await until('the first answer', () => states.length > 0);
    expect([check.state, service.requests.length]).toEqual(['healthy', 1]);
  });

  test('changes its mind after as many answers in a row as it is told', async () => {
    // Two bad ones are too few, one good one as well.
    const service = await startMoody(200, 503, 503, 200, 503, 503, 503, 200, 503, 200, 200);
    const log = new Logbook();
    const { check, states } = watching(newChecks(log), service.port);
    await until('it was unhealthy', () => states.length === 2);
    expect(service.requests.length).toBe(7);
    expect(check.reason).toMatch(/^GET \/healthz 503 ×3 since \d\d:\d\d:\d\d$/);
    await until('it is healthy again', () => states.length === 3);
    expect(service.requests.length).toBe(11);
    expect(states).toEqual(['healthy', 'unhealthy', 'healthy']);
    expect(check.reason).toBeNull();
    expect(log.records.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^the endpoint is unhealthy: GET \/healthz 503 ×3 since /),
      'the endpoint is healthy again',
    ]);
  });

  test('calls an endpoint that was never seen well unhealthy only after as many answers', async () => {
    const service = await startMoody(503);
    const { states } = watching(newChecks(), service.port);
    await until('it is unhealthy', () => states.length > 0);
    expect([states, service.requests.length]).toEqual([['unhealthy'], 3]);
  });

  test('tells the dead from the failing', async () => {
    const { check } = watching(newChecks(), await freePort());
    await until('it is unhealthy', () => check.state === 'unhealthy');
    expect(check.reached).toBe(false);
    const failing = watching(newChecks(), (await startMoody(503)).port);
    await until('it is unhealthy', () => failing.check.state === 'unhealthy');
    expect(failing.check.reached).toBe(true);
  });

  test('asks in its interval, with some jitter', async () => {
    const at: number[] = [];
    const service = (await startService()).answer(() => {
      at.push(performance.now());
      return ok();
    });
    watching(newChecks(), service.port, { intervalMs: 50 });
    await until('some questions', () => at.length > 6);
    const gaps = at.slice(1).map((instant, i) => instant - at[i]!);
    // Only the lower bound is the check's doing; a busy machine makes it later.
    for (const gap of gaps) expect(gap).toBeGreaterThan(40);
  });
});

describe('checks', () => {
  test('of the same address and kind are shared, and end with the last who wants them', async () => {
    const service = (await startService()).answer(ok());
    const checks = newChecks();
    const [one, two] = [watching(checks, service.port), watching(checks, service.port)];
    expect(one.check).toBe(two.check);
    await until('both hear of it', () => one.states.length > 0 && two.states.length > 0);
    one.leave();
    const before = service.requests.length;
    await until('it goes on', () => service.requests.length > before + 1);
    two.leave();
    expect(watching(checks, service.port).check).not.toBe(two.check);
  });

  test('ask nothing any more when nobody wants them', async () => {
    const service = (await startService()).answer(ok());
    const { leave } = watching(newChecks(), service.port, { intervalMs: 5 });
    await until('it asks', () => service.requests.length > 2);
    leave();
    leave();
    const { length } = service.connections;
    // That nothing happens can only be seen by waiting.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(service.connections.length).toBeLessThanOrEqual(length + 1);
  });

  test.each([{ path: '/other' }, { timeoutMs: 10 }, { statuses: [[200, 200]] as const }])(
    'that ask otherwise (%j) are others',
    async (wish) => {
      const service = (await startService()).answer(ok());
      const checks = newChecks();
      expect(watching(checks, service.port).check).not.toBe(watching(checks, service.port, wish).check);
    },
  );
});
