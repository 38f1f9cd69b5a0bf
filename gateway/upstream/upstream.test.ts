import { describe, expect, onTestFinished, test } from 'vitest';
import { localAddress } from '../testing/endpoint-address.ts';
import { Endpoint } from './endpoint.ts';
import { Upstream } from './upstream.ts';

function endpoints(count: number): Endpoint[] {
  const made = Array.from({ length: count }, (_, i) => new Endpoint(localAddress(3001 + i), 1_000));
  onTestFinished(() => {
    for (const endpoint of made) endpoint.close();
  });
  return made;
}

describe('the turn of endpoints', () => {
  test('goes round', () => {
    const [a, b, c] = endpoints(3);
    const upstream = new Upstream([a!, b!, c!]);
    expect(Array.from({ length: 7 }, () => upstream.pick([]))).toEqual([a, b, c, a, b, c, a]);
  });

  test('is always the one’s where there is one', () => {
    const [a] = endpoints(1);
    const upstream = new Upstream([a!]);
    expect([upstream.pick([]), upstream.pick([a!])]).toEqual([a, a]);
  });

  test('passes over those that an exchange has tried', () => {
    const [a, b, c] = endpoints(3);
    const upstream = new Upstream([a!, b!, c!]);
    expect(upstream.pick([a!, b!])).toBe(c);
    expect(upstream.pick([a!])).toBe(b);
    expect(upstream.pick([c!])).toBe(a);
  });

  test('goes on where all have been tried', () => {
    const [a, b] = endpoints(2);
    const upstream = new Upstream([a!, b!]);
    const again = [upstream.pick([a!, b!]), upstream.pick([a!, b!])];
    expect(again).toEqual(expect.arrayContaining([a, b]));
  });
});

describe('an endpoint knows itself', () => {
  test.each([
    [{}, 'localhost:3001'],
    [{ host: '::1' }, '[::1]:3001'],
    [{ host: 'db.test', port: 80 as never }, 'db.test'],
    [{ host: 'db.test', port: 443 as never, tls: true }, 'db.test'],
    [{ host: 'db.test', port: 443 as never }, 'db.test:443'],
  ])('as in %j: %s', (wish, authority) => {
    expect(new Endpoint(localAddress(3001, wish), 1_000).authority).toBe(authority);
  });

  test.each([
    ['localhost:3001', true],
    ['127.0.0.1:3001', true],
    ['localhost:3002', false],
    ['localhost', false],
    ['elsewhere.test:3001', false],
  ])('by %s: %s', (authority, own) => {
    expect(new Endpoint(localAddress(3001), 1_000).owns(authority)).toBe(own);
  });
});
