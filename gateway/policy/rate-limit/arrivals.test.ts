import { expect, test } from 'vitest';
import { addressNetwork } from './address-network.ts';
import { Arrivals, type Spread } from './arrivals.ts';
import { PartyTable } from './party-table.ts';

const taken = (arrivals: Arrivals, party: string, limit: Spread, nowMs: number) =>
  Math.max(0, arrivals.take(arrivals.taggerOf('limit').tag(party), limit, nowMs));

test('a burst passes, then one for each interval', () => {
  const arrivals = new Arrivals();
  const limit = { count: 10, periodMs: 1_000, burst: 3 };
  const at = (ms: number) => Math.round(taken(arrivals, 'a', limit, ms));
  expect([at(50), at(50), at(50), at(50), at(140)]).toEqual([0, 0, 0, 100, 10]);
  expect([at(150), at(150), at(250)]).toEqual([0, 100, 0]);
  expect([at(10_000), at(10_000), at(10_000), at(10_000)]).toEqual([0, 0, 0, 100]);
  expect(taken(arrivals, 'b', limit, 10_000)).toBe(0);
});

test('a refused request is not counted', () => {
  const arrivals = new Arrivals();
  const limit = { count: 1, periodMs: 1_000, burst: 1 };
  expect(taken(arrivals, 'a', limit, 5)).toBe(0);
  for (let i = 0; i < 100; i++) expect(taken(arrivals, 'a', limit, 6)).toBeGreaterThan(0);
  expect(taken(arrivals, 'a', limit, 1_005)).toBe(0);
});

test('what passes is told how much of its burst is left', () => {
  const arrivals = new Arrivals();
  const limit = { count: 10, periodMs: 1_000, burst: 3 };
  const party = arrivals.taggerOf('limit').tag('a');
  expect([1, 2, 3].map(() => Math.round(-arrivals.take(party, limit, 50)) + 0)).toEqual([200, 100, 0]);
});

test('a full table forgets whoever would have waited least, and the past costs nobody', () => {
  const arrivals = new Arrivals(new PartyTable(8));
  const parties = arrivals.taggerOf('limit');
  const limit = { count: 1, periodMs: 1_000, burst: 2 };
  const take = (party: string, ms: number) => arrivals.take(parties.tag(party), limit, ms);
  for (const ms of [0, 0]) expect(take('limited', ms)).toBeLessThanOrEqual(0);
  for (let other = 0; other < 100; other++) expect(take(`${other}`, 0)).toBeLessThanOrEqual(0);
  expect(take('limited', 1)).toBeGreaterThan(0);
  // Eight who come later than all of them were due find room without that.
  for (let other = 0; other < 7; other++) take(`later ${other}`, 1_500);
  expect(take('limited', 1_500)).toBeLessThanOrEqual(0);
  expect(take('limited', 1_500)).toBeGreaterThan(0);
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
