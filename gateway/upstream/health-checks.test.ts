import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HealthConfig } from '../model/config.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { Logbook } from '../proof/testing/logbook.ts';
import { until } from '../proof/testing/poll.ts';
import { ok, reply, type ScriptedService, startService } from '../proof/testing/service.ts';
import { HealthChecks } from './health-checks.ts';

const CONFIG: HealthConfig = {
  kind: 'http',
  path: '/healthz',
  statuses: [[200, 399]],
  intervalMs: 20,
  timeoutMs: 2_000,
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

/** What a check becomes, and after how many questions: `unhealthy 3`. */
function watching(checks: HealthChecks, service: Pick<ScriptedService, 'port' | 'requests'>, overrides = {}) {
  const address = localAddress(service.port);
  const config: HealthConfig = { ...CONFIG, ...overrides };
  const changes: string[] = [];
  const watcher = { healthChanged: () => changes.push(`${check.state} ${service.requests.length}`) };
  const check = checks.watch(address, config, watcher);
  const leave = () => checks.leave(address, config, watcher);
  onTestFinished(leave);
  return { check, changes, leave };
}

describe('a check', () => {
  test('begins with an endpoint of which nothing is known, and believes the first good answer', async () => {
    const service = (await startService()).answer(ok());
    const { check, changes } = watching(newChecks(), service);
    expect([check.state, check.reason]).toEqual(['unknown', null]);
    await until('the first answer', () => changes.length > 0);
    expect(changes).toEqual(['healthy 1']);
  });

  test('changes its mind after as many answers in a row as it is told', async () => {
    // Two bad ones are too few, one good one as well.
    const service = await startMoody(200, 503, 503, 200, 503, 503, 503, 200, 503, 200, 200);
    const log = new Logbook();
    const { check, changes } = watching(newChecks(log), service);
    await until('it was unhealthy', () => changes.length === 2);
    await until('it is healthy again', () => changes.length === 3);
    expect(changes).toEqual(['healthy 1', 'unhealthy 7', 'healthy 11']);
    expect(check.reason).toBeNull();
    expect(log.records.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^the endpoint is unhealthy: GET \/healthz 503 ×3 since /),
      'the endpoint is healthy again',
    ]);
  });

  test('calls an endpoint that was never seen well unhealthy only after as many answers', async () => {
    const service = await startMoody(503);
    const { changes, check } = watching(newChecks(), service);
    await until('it is unhealthy', () => changes.length > 0);
    expect(changes).toEqual(['unhealthy 3']);
    expect(check.reason).toMatch(/^GET \/healthz 503 ×\d+ since \d\d:\d\d:\d\d$/);
  });

  test('tells the dead from the failing', async () => {
    const { check } = watching(newChecks(), { port: await freePort(), requests: [] });
    await until('it is unhealthy', () => check.state === 'unhealthy');
    expect(check.reached).toBe(false);
    const failing = watching(newChecks(), await startMoody(503));
    await until('it is unhealthy', () => failing.check.state === 'unhealthy');
    expect(failing.check.reached).toBe(true);
  });

  test('asks in its interval, with some jitter', async () => {
    const at: number[] = [];
    const service = (await startService()).answer(() => {
      at.push(performance.now());
      return ok();
    });
    watching(newChecks(), service, { intervalMs: 50 });
    await until('some questions', () => at.length > 6);
    // Only the lower bound is the check's doing; a busy machine makes each of them later, the first one as well.
    expect(at[6]! - at[0]!).toBeGreaterThan(6 * 50 * 0.9 - 50);
  });
});

describe('checks', () => {
  test('of the same address and kind are shared, and end with the last who wants them', async () => {
    const service = (await startService()).answer(ok());
    const checks = newChecks();
    const [one, two] = [watching(checks, service), watching(checks, service)];
    expect(one.check).toBe(two.check);
    await until('both hear of it', () => one.changes.length > 0 && two.changes.length > 0);
    one.leave();
    const before = service.requests.length;
    await until('it goes on', () => service.requests.length > before + 1);
    two.leave();
    expect(watching(checks, service).check).not.toBe(two.check);
  });

  test('ask nothing any more when nobody wants them', async () => {
    const service = (await startService()).answer(ok());
    const other = (await startService()).answer(ok());
    const checks = newChecks();
    const { leave } = watching(checks, service, { intervalMs: 5 });
    await until('it asks', () => service.requests.length > 2);
    leave();
    leave();
    const { length } = service.connections;
    watching(checks, other, { intervalMs: 5 });
    await until('another is asked again and again', () => other.requests.length > 10);
    expect(service.connections.length).toBeLessThanOrEqual(length + 1);
  });

  test.each([{ path: '/other' }, { timeoutMs: 10 }, { statuses: [[200, 200]] as const }])(
    'that ask otherwise (%j) are others',
    async (overrides) => {
      const service = (await startService()).answer(ok());
      const checks = newChecks();
      expect(watching(checks, service).check).not.toBe(watching(checks, service, overrides).check);
    },
  );
});
