import { describe, expect, it } from 'vitest';
import { configurationOf as compiled } from '../proof/testing/configuration.ts';

/** The upstream of a route with these keys. */
async function upstream(keys: string) {
  const config = await compiled(`routes: { /a: { to: 3001, ${keys} } }`);
  return config.routes[0]!.upstream;
}

const endpointsOf = (endpoints: readonly { address: { key: string }; weight: number; backup: boolean }[]) =>
  endpoints.map(({ address, weight, backup }) => [address.key, weight, backup]);

describe('endpoints', () => {
  it.each([
    ['{ at: 3001, weight: 3 }', [['localhost:3001', 3, false]]],
    [
      '[3001, { at: "db:1", backup: on }, { at: unix:/run/a, weight: 1000 }]',
      [
        ['localhost:3001', 1, false],
        ['db:1', 1, true],
        ['unix:/run/a', 1000, false],
      ],
    ],
    ['srv:_http._tcp.Shop.internal', [['srv:_http._tcp.shop.internal', 1, false]]],
  ])('%s', async (to, expected) => {
    const { routes, streams } = await compiled(
      `routes: { /a: { to: ${to} } }\nstreams: { tcp: { 7000: { to: ${to} } } }`,
    );
    expect(endpointsOf(routes[0]!.upstream.endpoints)).toEqual(expected);
    expect(endpointsOf(streams[0]!.upstream.endpoints)).toEqual(expected);
  });

  it('of SRV records speak TLS where the service is _https, but for raw streams', async () => {
    const { routes, streams } = await compiled(
      'routes: { /a: srv:_http._tcp.db, /b: srv:_https._tcp.db }\nstreams: { tcp: { 7000: srv:_https._tcp.db } }',
    );
    const all = [...routes, ...streams].map(({ upstream: { endpoints } }) => endpoints[0]!.address);
    expect(all).toMatchObject([
      { kind: 'srv', name: '_http._tcp.db', tls: false },
      { kind: 'srv', name: '_https._tcp.db', tls: true },
      { kind: 'srv', name: '_https._tcp.db', tls: false },
    ]);
  });
});

describe('how endpoints are used', () => {
  it.each([
    ['balance: least-requests', { balance: { kind: 'least-requests' } }],
    ['balance: hash', { balance: { kind: 'hash', by: { kind: 'ip' } } }],
    ['balance: { hash: ip }', { balance: { kind: 'hash', by: { kind: 'ip' } } }],
    [
      'balance: { hash: { header: X-User } }',
      { balance: { kind: 'hash', by: { kind: 'header', name: 'x-user' } } },
    ],
    [
      'balance: { hash: { cookie: Sid } }',
      { balance: { kind: 'hash', by: { kind: 'cookie', name: 'Sid' } } },
    ],
    ['sticky: on', { sticky: { cookie: 'portway', maxAgeMs: null } }],
    ['sticky: off', { sticky: null }],
    ['sticky: sid', { sticky: { cookie: 'sid', maxAgeMs: null } }],
    ['sticky: { maxAge: 1d }', { sticky: { cookie: 'portway', maxAgeMs: 86_400_000 } }],
    ['slowStart: 30s', { slowStartMs: 30_000 }],
    ['slowStart: off', { slowStartMs: null }],
    ['health: off', { health: null }],
    [
      'health: /healthz?deep=1',
      {
        health: {
          kind: 'http',
          path: '/healthz?deep=1',
          statuses: [[200, 399]],
          intervalMs: 2_000,
          timeoutMs: 1_000,
          unhealthyAfter: 3,
          healthyAfter: 2,
        },
      },
    ],
    [
      'health: { path: /x, status: [204, 301-302], interval: 500ms }',
      {
        health: {
          statuses: [
            [204, 204],
            [301, 302],
          ],
          intervalMs: 500,
          timeoutMs: 500,
        },
      },
    ],
    ['health: tcp', { health: { kind: 'tcp', intervalMs: 2_000 } }],
    ['health: { tcp: true, unhealthyAfter: 1 }', { health: { kind: 'tcp', unhealthyAfter: 1 } }],
    [
      'canary: { to: [3009, { at: 3010, weight: 2 }], weight: 2.5% }',
      { canary: { endpoints: [{ weight: 1 }, { weight: 2 }], share: 0.025 } },
    ],
  ])('%s', async (keys, expected) => {
    expect(await upstream(keys)).toMatchObject(expected);
  });

  it('is said of streams in the same words', async () => {
    const { streams } = await compiled(
      'routes: {}\nstreams: { tcp: { 7000: { to: [7001, 7002], balance: hash, health: { interval: 1s }, slowStart: 5s } } }',
    );
    expect(streams[0]!.upstream).toMatchObject({
      balance: { kind: 'hash', by: { kind: 'ip' } },
      health: { kind: 'tcp', intervalMs: 1_000, timeoutMs: 1_000 },
      slowStartMs: 5_000,
    });
  });
});

describe('what the top level says of all routes', () => {
  const both = (top: string, own: string) =>
    compiled(`${top}\nroutes: { /a: { to: 3001${own === '' ? '' : `, ${own}`} } }`);

  it.each([
    ['retries: { attempts: 5, perTry: 1s }', '', { attempts: 5, budget: 0.2, perTryMs: 1_000 }],
    [
      'retries: { attempts: 5, perTry: 1s }',
      'retries: { budget: 0% }',
      { attempts: 5, budget: 0, perTryMs: 1_000 },
    ],
    ['retries: { perTry: 1s }', 'retries: { perTry: none }', { attempts: 3, budget: 0.2, perTryMs: null }],
    ['retries: off', '', { attempts: 1, budget: 0.2, perTryMs: null }],
    ['retries: off', 'retries: on', { attempts: 3, budget: 0.2, perTryMs: null }],
    ['retries: on', 'retries: off', { attempts: 1, budget: 0.2, perTryMs: null }],
  ])('%s, and the route "%s"', async (top, own, expected) => {
    expect((await both(top, own)).routes[0]!.retries).toEqual(expected);
  });

  it.each([
    ['breaker: on', '', { breaker: { rate: 0.5, requests: 20, windowMs: 10_000, openMs: 5_000, probes: 1 } }],
    ['breaker: { rate: 20% }', 'breaker: { open: 1s }', { breaker: { rate: 0.2, openMs: 1_000 } }],
    ['breaker: { rate: 20% }', 'breaker: off', { breaker: null }],
    ['', 'breaker: { probes: 2 }', { breaker: { rate: 0.5, probes: 2 } }],
    ['ejection: off', '', { ejection: null }],
    ['ejection: off', 'ejection: on', { ejection: { failures: 5, maxShare: 0.5 } }],
    ['ejection: { failures: 2 }', 'ejection: { for: 1s }', { ejection: { failures: 2, forMs: 1_000 } }],
    [
      'limits: { wait: 1s }',
      'limits: { waiting: 0 }',
      { limits: { connections: 1024, waiting: 0, waitMs: 1_000 } },
    ],
  ])('%s, and the route "%s"', async (top, own, expected) => {
    expect((await both(top, own)).routes[0]!.upstream).toMatchObject(expected);
  });

  it('ejection is said of streams, too; limits and breakers are not', async () => {
    const { streams } = await compiled(
      'ejection: off\nlimits: { connections: 1 }\nbreaker: on\nroutes: {}\nstreams: { udp: { 7000: 7001, 7002: { to: 7003, ejection: on } } }',
    );
    expect(streams.map(({ upstream: { ejection } }) => ejection?.failures ?? null)).toEqual([null, 5]);
    expect(streams[0]!.upstream).toMatchObject({ limits: { connections: 1024 }, breaker: null });
  });

  it.each([
    ['', '', 'auto'],
    ['lane: general', '', 'general'],
    ['lane: wire', 'lane: auto', 'auto'],
  ])('%j, and the route %j: lane %s', async (top, own, expected) => {
    expect((await both(top, own)).routes[0]!.lane).toBe(expected);
  });
});

describe('the process', () => {
  it.each([
    ['workers: auto', { workers: 'auto' }],
    ['workers: 4', { workers: 4 }],
    ['overload: off', { overload: null }],
    [
      'overload: { eventLoopDelay: 50ms, memory: 1GiB }',
      { overload: { eventLoopDelayMs: 50, memoryBytes: 2 ** 30, retryAfterMs: 1_000 } },
    ],
    ['overload: { memory: off }', { overload: { eventLoopDelayMs: 200, memoryBytes: null } }],
    ['resolver: 10.0.0.53', { resolver: ['10.0.0.53'] }],
    [
      'resolver: [127.0.0.1:5353, "::1", "[0:0::1]:5353", "[::2]"]',
      { resolver: ['127.0.0.1:5353', '::1', '[::1]:5353', '::2'] },
    ],
    ['serverTiming: on', { serverTiming: true }],
    ['serverTiming: false', { serverTiming: false }],
    ['page: on', { page: true }],
    ['allowedHosts: Shop.Test', { allowedHosts: ['shop.test'] }],
    ['allowedHosts: [shop.test., "*.Bücher.test"]', { allowedHosts: ['shop.test', '*.xn--bcher-kva.test'] }],
  ])('%s', async (top, expected) => {
    expect(await compiled(`${top}\nroutes: {}`)).toMatchObject(expected);
  });
});
