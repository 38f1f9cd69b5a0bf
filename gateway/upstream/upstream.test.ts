import { describe, expect, test } from 'vitest';
import type { UpstreamConfig } from '../model/config.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { anyClient, choiceOf, endpointAt, upstreamOf, upstreamTo } from '../proof/testing/upstream.ts';
import { upstreamConfig } from '../proof/testing/upstream-config.ts';
import type { Upstream } from './upstream.ts';

/** Names of endpoints by their place: `a` is the first. */
function picks(upstream: Upstream, count: number, choice = anyClient): string {
  const names = upstream.endpoints.map((_, at) => String.fromCharCode(97 + at));
  return Array.from(
    { length: count },
    () => names[upstream.endpoints.indexOf(upstream.pick(choice, []))],
  ).join('');
}

/** The first two are primary, then the backups, then those of the canary. */
function withRoles(backups: number, canaries: number, overrides: Partial<UpstreamConfig> = {}): Upstream {
  const address = (at: number) => localAddress(3001 + at);
  const endpoints = Array.from({ length: 2 + backups }, (_, at) => ({
    address: address(at),
    weight: 1,
    backup: at >= 2,
  }));
  const others = Array.from({ length: canaries }, (_, at) => ({
    address: address(10 + at),
    weight: 1,
    backup: false,
  }));
  const canary = canaries > 0 ? { endpoints: others, share: 0.25 } : null;
  return upstreamOf(upstreamConfig([], { endpoints, canary, ...overrides }));
}

describe('the turn of endpoints', () => {
  test('goes round', () => {
    expect(picks(upstreamTo([3001, 3002, 3003]), 7)).toBe('abcabca');
  });

  test('is always the one’s where there is one', () => {
    const upstream = upstreamTo([3001]);
    const [a] = upstream.endpoints;
    expect([upstream.pick(anyClient, []), upstream.pick(anyClient, [a!])]).toEqual([a, a]);
  });

  test('passes over those that an exchange has tried', () => {
    const upstream = upstreamTo([3001, 3002, 3003]);
    const [a, b, c] = upstream.endpoints;
    expect(upstream.pick(anyClient, [a!, b!])).toBe(c);
    expect(upstream.pick(anyClient, [a!])).toBe(b);
    expect(upstream.pick(anyClient, [c!])).toBe(a);
  });

  test('goes on where all have been tried', () => {
    const upstream = upstreamTo([3001, 3002]);
    const [a, b] = upstream.endpoints;
    const again = [upstream.pick(anyClient, [a!, b!]), upstream.pick(anyClient, [a!, b!])];
    expect(again).toEqual(expect.arrayContaining([a, b]));
  });

  test('is not the one’s who is not available, until it is again', () => {
    const upstream = upstreamTo([3001, 3002, 3003]);
    const [, b] = upstream.endpoints;
    b!.setAvailability(false, 1);
    expect(picks(upstream, 4)).toBe('acac');
    b!.setAvailability(true, 1);
    expect([...picks(upstream, 3)].sort().join('')).toBe('abc');
  });
});

describe('backups', () => {
  test('are used while no primary endpoint is available, and not longer', () => {
    const upstream = withRoles(1, 0);
    const [a, b] = upstream.endpoints;
    expect(picks(upstream, 4)).toBe('abab');
    a!.setAvailability(false, 1);
    expect(picks(upstream, 3)).toBe('bbb');
    b!.setAvailability(false, 1);
    expect(picks(upstream, 3)).toBe('ccc');
    a!.setAvailability(true, 1);
    expect(picks(upstream, 3)).toBe('aaa');
  });

  test('serve an exchange that has tried all the others', () => {
    const upstream = withRoles(1, 0);
    const [a, b, c] = upstream.endpoints;
    expect(upstream.pick(anyClient, [a!, b!])).toBe(c);
    expect([upstream.elsewhere([a!, b!]), upstream.elsewhere([a!, b!, c!])]).toEqual([true, false]);
  });

  test('keep no sticky client when a primary endpoint is back', () => {
    const upstream = withRoles(1, 0, { sticky: { cookie: 'portway', maxAgeMs: null } });
    const [a, b, c] = upstream.endpoints;
    for (const endpoint of [a!, b!]) endpoint.setAvailability(false, 1);
    const set = upstream.stickyCookie(anyClient, c!, { path: '/', secure: false });
    const client = choiceOf({ cookie: set!.split(';')[0]! });
    expect(upstream.pick(client, [])).toBe(c);
    a!.setAvailability(true, 1);
    expect(upstream.pick(client, [])).toBe(a);
  });
});

describe('a canary', () => {
  test('gets its share exactly', () => {
    expect(picks(withRoles(0, 1), 12)).toBe('acbabcabacba');
  });

  test('gets nothing while it is not available, and everybody is served', () => {
    const upstream = withRoles(0, 1);
    upstream.endpoints[2]!.setAvailability(false, 1);
    expect(picks(upstream, 8)).toBe('abababab');
  });

  test('that fails leaves the exchange to the others, and they leave theirs not to it', () => {
    const upstream = withRoles(0, 1);
    const [a, b, c] = upstream.endpoints;
    expect([a, b]).toContain(upstream.pick(anyClient, [c!]));
    expect([upstream.elsewhere([c!]), upstream.elsewhere([a!, b!])]).toEqual([true, false]);
  });
});

test('an upstream of which nothing may be used says so', () => {
  const upstream = upstreamTo([]);
  expect(() => upstream.pick(anyClient, [])).toThrow(expect.objectContaining({ code: 'no_endpoint' }));
});

describe('an endpoint knows itself', () => {
  test.each([
    [{}, 'localhost:3001'],
    [{ host: '::1' }, '[::1]:3001'],
    [{ host: 'db.test', port: 80 as never }, 'db.test'],
    [{ host: 'db.test', port: 443 as never, tls: true }, 'db.test'],
    [{ host: 'db.test', port: 443 as never }, 'db.test:443'],
  ])('as in %j: %s', (overrides, authority) => {
    expect(endpointAt(localAddress(3001, overrides)).authority).toBe(authority);
  });

  test.each([
    ['localhost:3001', true],
    ['127.0.0.1:3001', true],
    ['localhost:3002', false],
    ['localhost', false],
    ['elsewhere.test:3001', false],
  ])('by %s: %s', (authority, own) => {
    expect(endpointAt(localAddress(3001)).owns(authority)).toBe(own);
  });
});
