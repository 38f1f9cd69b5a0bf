import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { RouteConfig } from '../model/config.ts';
import { KeptStates } from '../policy/kept.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { gatewayConfig } from '../proof/testing/gateway-config.ts';
import { routeConfig } from '../proof/testing/route-config.ts';
import { upstreamConfig } from '../proof/testing/upstream-config.ts';
import { UpstreamRegistry } from '../upstream/registry.ts';
import { liveRoutes, releaseRoutes, signatureOf } from './live-route.ts';

const to = (...ports: number[]) => ({ upstream: upstreamConfig(ports.map((port) => localAddress(port))) });
const route = routeConfig('/db', to(3001));

describe('the signature of a route', () => {
  test('does not depend on where it stands in the file', () => {
    expect(signatureOf({ ...route, source: { line: 99, column: 1 } })).toBe(signatureOf(route));
  });

  test('does not depend on which containers are there, where they ask for it', () => {
    const labelled = { ...route, source: { line: 1, column: 1, origin: 'container web-1' } };
    expect(signatureOf({ ...labelled, ...to(3001, 3002) })).toBe(signatureOf(labelled));
    expect(signatureOf({ ...labelled, strip: false })).not.toBe(signatureOf(labelled));
  });

  test.each<[string, Partial<RouteConfig>]>([
    ['id', { id: '/other' }],
    ['matcher', { matcher: { ...route.matcher, exact: true } }],
    ['endpoints', to(3002)],
    ['order of endpoints', to(3001, 3002)],
    ['strip', { strip: false }],
    ['rewrite', { rewrite: false }],
    ['hostHeader', { hostHeader: 'rewrite' }],
    ['timeouts', { timeouts: { ...route.timeouts, idleMs: 1 } }],
    ['bodyMax', { bodyMaxBytes: 1 }],
    ['extend', { extend: '/x.ts' }],
  ])('depends on its %s', (_what, overrides) => {
    expect(signatureOf({ ...route, ...overrides })).not.toBe(signatureOf(route));
  });
});

describe('endpoints of live routes', () => {
  const live = (registry: UpstreamRegistry, ...routes: RouteConfig[]) =>
    liveRoutes(gatewayConfig(routes), registry, new KeptStates(pino({ enabled: false })));

  test('are one where two routes, or two snapshots, name the same address', async () => {
    const registry = new UpstreamRegistry();
    const [db, also] = await live(registry, route, routeConfig('/also', to(3001)));
    const [next] = await live(registry, route);
    expect(db?.upstream.endpoints[0]).toBe(also?.upstream.endpoints[0]);
    expect(db?.upstream.endpoints[0]).toBe(next?.upstream.endpoints[0]);
    expect(db?.upstream).not.toBe(also?.upstream);
  });

  test.each<[string, Partial<RouteConfig>]>([
    ['another connect timeout', { timeouts: { ...route.timeouts, connectMs: 1 } }],
    ['TLS', { upstream: upstreamConfig([localAddress(3001, { tls: true })]) }],
    ['another port', to(3002)],
  ])('are two where they differ by %s', async (_what, overrides) => {
    const [db, other] = await live(new UpstreamRegistry(), route, { ...route, ...overrides, id: '/other' });
    expect(db?.upstream.endpoints[0]).not.toBe(other?.upstream.endpoints[0]);
  });

  test('live as long as anybody names them', async () => {
    const registry = new UpstreamRegistry();
    const [first, second] = [await live(registry, route), await live(registry, route)];
    const endpoint = first[0]?.upstream.endpoints[0];
    await releaseRoutes(first, registry);
    expect((await live(registry, route))[0]?.upstream.endpoints[0]).toBe(endpoint);
    await releaseRoutes(second, registry);
    await releaseRoutes(second, registry);
    expect((await live(registry, route))[0]?.upstream.endpoints[0]).not.toBe(endpoint);
  });
});
