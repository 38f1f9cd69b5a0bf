import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { BreakerConfig, UpstreamConfig } from '../model/config.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { Logbook } from '../proof/testing/logbook.ts';
import { anyClient } from '../proof/testing/upstream.ts';
import { upstreamConfig } from '../proof/testing/upstream-config.ts';
import type { Outcome } from './outcome.ts';
import { UpstreamRegistry } from './registry.ts';
import type { Upstream } from './upstream.ts';

const failure: Outcome = { cause: 'answered 503', unsent: false };
const EJECTION = { failures: 2, rate: 1, requests: 100, windowMs: 10_000, forMs: 600_000, maxShare: 0.5 };
const BREAKER: BreakerConfig = { rate: 0.5, requests: 2, windowMs: 10_000, openMs: 600_000, probes: 1 };

/** Routes by their names, as a snapshot has them, and what is logged of them. */
function stage() {
  const log = new Logbook();
  const registry = new UpstreamRegistry(pino({}, log));
  const spec = (scope: string, ports: readonly number[], more: Partial<UpstreamConfig> = {}) => ({
    scope,
    config: upstreamConfig(
      ports.map((port) => localAddress(port)),
      { ejection: EJECTION, ...more },
    ),
    connectTimeoutMs: 1_000,
    resolver: null,
  });
  return { registry, spec, words: () => log.records.map(({ msg }) => msg) };
}

/** The endpoint at this place fails so many times. */
function fail(upstream: Upstream, at: number, times = 2): void {
  const endpoint = upstream.endpoints[at]!;
  for (let i = 0; i < times; i++) {
    upstream.recordOutcome(endpoint, failure, upstream.begun(endpoint), performance.now());
    upstream.ended(endpoint);
  }
}

const available = ({ endpoints }: Upstream) => endpoints.map((endpoint) => endpoint.available);

describe('that an endpoint is ejected', () => {
  test('is known to the next snapshot, with its other endpoints as well', () => {
    const { registry, spec, words } = stage();
    const before = spec('/db', [3001, 3002]);
    fail(registry.acquire(before), 0);
    const after = spec('/db', [3001, 3002, 3003]);
    const next = registry.acquire(after);
    registry.release(before);
    expect(available(next)).toEqual([false, true, true]);
    expect(words()).toEqual(['the endpoint is ejected for 600 s after 2 failures in a row (answered 503)']);
    registry.release(after);
    expect(available(registry.acquire(before))).toEqual([true, true]);
    registry.release(before);
  });

  test('is no matter to a route that has no other: it goes on with it', () => {
    const { registry, spec } = stage();
    const specs = [spec('/db', [3001, 3002]), spec('/one', [3001])];
    const [several, single] = specs.map((each) => registry.acquire(each));
    fail(several!, 0);
    expect(available(several!)).toEqual([false, true]);
    expect(single!.pick(anyClient, [])).toBe(several!.endpoints[0]);
    for (const each of specs) registry.release(each);
  });

  test('never happens to more of them than the share allows, nor to the last', () => {
    const { registry, spec } = stage();
    const specs = [spec('/four', [3001, 3002, 3003, 3004]), spec('/one', [3005])];
    const [four, one] = specs.map((each) => registry.acquire(each));
    for (const at of [0, 1, 2, 3]) fail(four!, at);
    fail(one!, 0);
    expect([available(four!), available(one!)]).toEqual([[false, false, true, true], [true]]);
    for (const each of specs) registry.release(each);
  });
});

describe('a breaker', () => {
  const refused = (upstream: Upstream) => {
    try {
      upstream.pick(anyClient, []);
      return null;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test('is its route’s own, and outlives other endpoints of it', () => {
    const { registry, spec, words } = stage();
    const before = spec('/db', [3001], { breaker: BREAKER });
    const other = spec('/other', [3001], { breaker: BREAKER });
    fail(registry.acquire(before), 0);
    expect(refused(registry.acquire(other))).toBeNull();
    const after = spec('/db', [3002], { breaker: BREAKER });
    const next = registry.acquire(after);
    registry.release(before);
    expect(refused(next)).toBe('breaker_open');
    expect(next.elsewhere([])).toBe(false);
    expect(words()).toEqual(['the breaker is open: 2 of 2 requests failed within 10 s']);
    for (const each of [after, other]) registry.release(each);
    expect(refused(registry.acquire(after))).toBeNull();
    registry.release(after);
  });
});
