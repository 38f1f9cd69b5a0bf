import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EjectionConfig } from '../model/config.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { Logbook } from '../proof/testing/logbook.ts';
import { until } from '../proof/testing/poll.ts';
import { EndpointHealth, type EndpointHealthConfig } from './endpoint-health.ts';
import { HealthChecks } from './health-checks.ts';

const EJECTION: EjectionConfig = {
  failures: 3,
  rate: 1,
  requests: 100,
  windowMs: 10_000,
  forMs: 30,
  maxShare: 0.5,
};

/** A endpointHealth, what it told, and whether it may be ejected. */
function endpointHealth(overrides: Partial<EndpointHealthConfig> = {}, port = 3001) {
  const log = new Logbook();
  const owner = {
    told: 0,
    may: true,
    endpointHealthChanged: () => void owner.told++,
    mayEject: () => owner.may,
    ejected() {},
  };
  const config = { health: null, ejection: EJECTION, slowStartMs: null, ...overrides };
  const made = new EndpointHealth(localAddress(port), config, new HealthChecks(pino({}, log)), owner);
  onTestFinished(() => made.close());
  const fail = (times: number, unsent = false) => {
    for (let i = 0; i < times; i++) made.failed({ cause: 'answered 503', unsent }, performance.now());
  };
  const words = () => log.records.map(({ msg }) => msg);
  return { endpointHealth: made, owner, fail, words };
}

describe('an endpoint that fails', () => {
  test('is ejected, and readmitted when its time is over', async () => {
    const { endpointHealth: one, owner, fail, words } = endpointHealth();
    fail(2);
    expect([one.available, one.reason]).toEqual([true, null]);
    fail(1);
    const reason = 'ejected for 30 ms after 3 failures in a row (answered 503)';
    expect([one.available, one.ejected, one.dead, one.reason]).toEqual([false, true, false, reason]);
    expect(owner.told).toBe(1);
    await until('it is readmitted', () => one.available);
    expect([one.ejected, one.reason, one.ejections, owner.told]).toEqual([false, null, 1, 2]);
    expect(words()).toEqual([`the endpoint is ${reason}`, 'the endpoint is readmitted']);
  });

  test('is dead where nothing gets there', () => {
    const { endpointHealth: one, fail } = endpointHealth();
    fail(3, true);
    expect([one.available, one.dead]).toEqual([false, true]);
  });

  test('stays where it may not be ejected, until it may', () => {
    const { endpointHealth: one, owner, fail } = endpointHealth();
    owner.may = false;
    fail(10);
    expect([one.available, owner.told]).toEqual([true, 0]);
    owner.may = true;
    fail(1);
    expect(one.available).toBe(false);
  });

  test('and answers in between stays', () => {
    const { endpointHealth: one, fail } = endpointHealth();
    for (let i = 0; i < 10; i++) {
      fail(2);
      one.outcomes!.add(false, performance.now());
    }
    expect(one.available).toBe(true);
  });

  test('is never ejected where ejection is off', () => {
    const { endpointHealth: one, fail } = endpointHealth({ ejection: null });
    fail(100);
    expect(one.available).toBe(true);
  });
});

test('an endpoint that is both ejected and unhealthy is available when it is neither', async () => {
  const health = {
    kind: 'tcp',
    intervalMs: 5,
    timeoutMs: 1_000,
    unhealthyAfter: 1,
    healthyAfter: 1,
  } as const;
  const { endpointHealth: one, fail } = endpointHealth({ health }, await freePort());
  await until('it is unhealthy', () => !one.available);
  fail(3);
  await until('it is readmitted', () => !one.ejected);
  expect([one.available, one.dead, one.checked]).toEqual([false, true, 'unhealthy']);
});

describe('an endpoint that starts slowly', () => {
  /** The warmth at each change, to the first that is whole. */
  async function warming(): Promise<readonly number[]> {
    const { endpointHealth: one, owner } = endpointHealth({ slowStartMs: 400 });
    const seen = [one.warmth];
    owner.endpointHealthChanged = () => void seen.push(one.warmth);
    await until('it is warm', () => one.warmth === 1);
    return seen;
  }

  test('begins with a tenth, and gets more and more', async () => {
    const seen = await warming();
    expect([seen[0], seen.at(-1)]).toEqual([0.1, 1]);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(3);
  });

  test('begins anew when it is readmitted', async () => {
    const { endpointHealth: one, fail } = endpointHealth({ slowStartMs: 400 });
    await until('it is warm', () => one.warmth === 1);
    fail(3);
    await until('it is readmitted', () => one.available);
    expect(one.warmth).toBeLessThan(1);
    await until('it is warm', () => one.warmth === 1);
  });

  test('is warm at once where nothing else is said', () => {
    expect(endpointHealth().endpointHealth.warmth).toBe(1);
  });
});
