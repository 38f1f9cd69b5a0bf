import { expect, test } from 'vitest';
import { addressNetwork } from './address-network.ts';
import { Arrivals } from './arrivals.ts';

test('a burst passes, then one for each interval', () => {
  const arrivals = new Arrivals();
  const limit = { count: 10, periodMs: 1_000, burst: 3 };
  const at = (ms: number) => Math.round(arrivals.take('a', limit, ms));
  expect([at(50), at(50), at(50), at(50), at(140)]).toEqual([0, 0, 0, 100, 10]);
  expect([at(150), at(150), at(250)]).toEqual([0, 100, 0]);
  expect([at(10_000), at(10_000), at(10_000), at(10_000)]).toEqual([0, 0, 0, 100]);
  expect(arrivals.take('b', limit, 10_000)).toBe(0);
});

test('a refused request is not counted', () => {
  const arrivals = new Arrivals();
  const limit = { count: 1, periodMs: 1_000, burst: 1 };
  expect(arrivals.take('a', limit, 5)).toBe(0);
  for (let i = 0; i < 100; i++) expect(arrivals.take('a', limit, 6)).toBeGreaterThan(0);
  expect(arrivals.take('a', limit, 1_005)).toBe(0);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7'],
  ['0:0:0:0:0:ffff:cb00:7107', '203.0.113.7'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0:0:ffff:1:2:3', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s is counted as %s', (address, network) => {
  expect(addressNetwork(address)).toBe(network);
});
