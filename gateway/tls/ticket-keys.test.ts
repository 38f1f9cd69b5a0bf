import { expect, test } from 'vitest';
import { newTicketSeed, PERIOD_MS, TicketKeys } from './ticket-keys.ts';

const CLIENTS = { ca: 'PEM', required: true };

test('processes of one seed have the same keys in each period, also one that begins later', () => {
  let now = 20_000 * PERIOD_MS + 5;
  const clock = () => now;
  const seed = newTicketSeed(now);
  const [first, second] = [new TicketKeys(seed, clock), new TicketKeys(seed, clock)];
  const seen = new Set<string>();
  for (let period = 0; period < 4; period++) {
    expect(first.advance()).toBe(period > 0);
    const later = new TicketKeys(first.seed, clock);
    second.advance();
    const keys = [first, second, later].map((one) => one.keys(CLIENTS).toString('hex'));
    expect(new Set(keys).size).toBe(1);
    expect(first.keys(CLIENTS)).toHaveLength(48);
    seen.add(keys[0]!);
    now += PERIOD_MS;
  }
  expect(seen.size).toBe(4);
});

test('a process that slept through periods agrees with one that did not', () => {
  let now = 20_000 * PERIOD_MS;
  const seed = newTicketSeed(now);
  const [awake, asleep] = [new TicketKeys(seed, () => now), new TicketKeys(seed, () => now)];
  for (let i = 0; i < 5; i++) {
    now += PERIOD_MS;
    awake.advance();
  }
  asleep.advance();
  expect(asleep.keys(null)).toEqual(awake.keys(null));
});

test('a clock that is put back changes nothing', () => {
  let now = 20_000 * PERIOD_MS;
  const tickets = new TicketKeys(newTicketSeed(now), () => now);
  const keys = tickets.keys(null);
  now -= 3 * PERIOD_MS;
  expect(tickets.advance()).toBe(false);
  expect(tickets.keys(null)).toEqual(keys);
});

test('each way to judge clients has keys of its own', () => {
  const tickets = new TicketKeys(newTicketSeed());
  const ways = [null, CLIENTS, { ...CLIENTS, required: false }, { ...CLIENTS, ca: 'other' }];
  expect(new Set(ways.map((way) => tickets.keys(way).toString('hex'))).size).toBe(4);
});
