import { describe, expect, test } from 'vitest';
import type { BalanceConfig } from '../model/config.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { Random } from '../proof/testing/random.ts';
import { anyClient, choiceOf, endpointAt } from '../proof/testing/upstream.ts';
import { ConsistentHash } from './balance-hash.ts';
import { LeastRequests } from './balance-least-requests.ts';
import { RandomTwo } from './balance-random-two.ts';
import { RoundRobin } from './balance-round-robin.ts';
import type { Balancer } from './balancer.ts';
import { Candidate } from './candidate.ts';
import type { Endpoint } from './endpoint.ts';
import { balancerOf } from './tier.ts';

/** Candidates with these weights; their endpoints are called a, b, c ... */
function candidates(...weights: number[]): Candidate[] {
  return weights.map((weight, at) => {
    const key = nameOf(at);
    return new Candidate(endpointAt(localAddress(3001 + at, { key })), weight, 'primary');
  });
}

function nameOf(at: number): string {
  return at < 26 ? String.fromCharCode(97 + at) : `n${at}`;
}

function among<B extends Balancer>(balancer: B, list: readonly Candidate[]): B {
  balancer.replace(list);
  return balancer;
}

function turns(balancer: Balancer, count: number): string {
  return Array.from({ length: count }, () => balancer.pick(anyClient, [])!.key).join('');
}

/** How often each was picked, in the order of the candidates. */
function counts(balancer: Balancer, list: readonly Candidate[], picks: number): number[] {
  const found = new Map(list.map(({ endpoint }) => [endpoint, 0]));
  for (let i = 0; i < picks; i++) {
    const endpoint = balancer.pick(anyClient, [])!;
    found.set(endpoint, found.get(endpoint)! + 1);
  }
  return [...found.values()];
}

/** Numbers from 0 to 1 that look like chance and are the same each time. */
function dice(seed: number): () => number {
  const random = new Random(seed);
  return () => random.next();
}

const policies: [string, BalanceConfig][] = [
  ['round-robin', { kind: 'round-robin' }],
  ['least-requests', { kind: 'least-requests' }],
  ['random-two', { kind: 'random-two' }],
  ['hash', { kind: 'hash', by: { kind: 'ip' } }],
];

describe.each(policies)('%s', (_name, config) => {
  test('picks none that was tried as long as there is another, and none where there is not', () => {
    for (const list of [candidates(1), candidates(1, 1), candidates(5, 1, 1), candidates(1, 2, 3, 4, 5)]) {
      const balancer = among(balancerOf(config), list);
      const tried: Endpoint[] = [];
      for (const _ of list) {
        const endpoint = balancer.pick(anyClient, tried);
        expect(list.map((one) => one.endpoint)).toContain(endpoint);
        expect(tried).not.toContain(endpoint);
        tried.push(endpoint!);
      }
      expect(balancer.pick(anyClient, tried)).toBeNull();
    }
  });

  test('picks nothing of nothing, and after a change only of what is there now', () => {
    const balancer = balancerOf(config);
    balancer.replace([]);
    expect(balancer.pick(anyClient, [])).toBeNull();
    const list = candidates(1, 2, 3);
    balancer.replace(list);
    for (const left of [list.slice(1), list.slice(2), list.slice(0, 1), list]) {
      balancer.replace(left);
      for (let i = 0; i < 50; i++)
        expect(left.map(({ endpoint }) => endpoint)).toContain(balancer.pick(anyClient, []));
    }
  });
});

describe('round robin', () => {
  test.each([
    [[1, 1, 1], 'abcabc'],
    [[5, 1, 1], 'aabacaaaabacaa'],
    [[2, 1], 'abaaba'],
    [[3, 2], 'ababaababa'],
  ])('with weights %j goes %s', (weights, expected) => {
    expect(turns(among(new RoundRobin(), candidates(...weights)), expected.length)).toBe(expected);
  });

  test('gives each its weight exactly, in every round', () => {
    const weights = [7, 1, 4, 1000, 3];
    const sum = weights.reduce((a, b) => a + b);
    const list = candidates(...weights);
    const balancer = among(new RoundRobin(), list);
    for (let round = 0; round < 3; round++) expect(counts(balancer, list, sum)).toEqual(weights);
  });

  test('never gives one more than its weight in any stretch as long as a round', () => {
    const order = turns(among(new RoundRobin(), candidates(5, 3, 2)), 40);
    for (let at = 0; at + 10 <= order.length; at++) {
      expect([...order.slice(at, at + 10)].filter((name) => name === 'a')).toHaveLength(5);
    }
  });

  test('lets a retry take nobody’s turn', () => {
    const list = candidates(1, 1);
    const balancer = among(new RoundRobin(), list);
    const firsts: string[] = [];
    for (let i = 0; i < 4; i++) {
      const first = balancer.pick(anyClient, [])!;
      firsts.push(first.key);
      balancer.pick(anyClient, [first]);
    }
    expect(firsts.join('')).toBe('abab');
  });

  test('floods nobody who comes or comes back, however often', () => {
    const list = candidates(5, 1, 1, 3);
    const balancer = among(new RoundRobin(), list);
    for (let change = 0; change < 200; change++) {
      // It leaves when it has just had its turn, and what it owes with it.
      while (balancer.pick(anyClient, [])!.key !== 'd');
      balancer.replace(list.slice(0, 3));
      turns(balancer, change % 3);
      balancer.replace(list);
    }
    const [, , , last] = counts(balancer, list, 100);
    expect(last).toBeGreaterThanOrEqual(28);
    expect(last).toBeLessThanOrEqual(32);
  });

  test('gives one that starts slowly the part of its weight that it may have', () => {
    const list = candidates(2, 2);
    list[1]!.endpoint.setAvailability(true, 0.1);
    for (const candidate of list) candidate.refresh();
    expect(counts(among(new RoundRobin(), list), list, 110)).toEqual([100, 10]);
  });
});

describe('least requests', () => {
  test('picks the one with the fewest under way for its weight', () => {
    const list = candidates(1, 1, 4);
    const balancer = among(new LeastRequests(), list);
    const busy = (...active: number[]) =>
      list.forEach(({ endpoint }, at) => {
        endpoint.active = active[at]!;
      });
    const cases: [number[], string][] = [
      [[1, 0, 3], 'b'],
      [[1, 1, 3], 'c'],
      [[0, 1, 0], 'c'],
      [[2, 1, 8], 'b'],
      [[0, 9, 1], 'a'],
    ];
    for (const [active, expected] of cases) {
      busy(...active);
      expect(balancer.pick(anyClient, [])?.key).toBe(expected);
    }
  });

  test('lets those that are idle take turns, by weight', () => {
    const list = candidates(3, 1, 1);
    expect(counts(among(new LeastRequests(), list), list, 50)).toEqual([30, 10, 10]);
  });

  test('sends nothing more to one that hangs', () => {
    const list = candidates(1, 1, 1);
    const balancer = among(new LeastRequests(), list);
    list[1]!.endpoint.active = 1;
    expect(counts(balancer, list, 30)).toEqual([15, 0, 15]);
  });
});

describe('the better of two that are drawn', () => {
  test.each([[[1, 1, 1]], [[5, 1, 1]], [[1, 2, 3, 4]]])(
    'is spread by weight where all are idle: %j',
    (weights) => {
      const list = candidates(...weights);
      const sum = weights.reduce((a, b) => a + b);
      const found = counts(among(new RandomTwo(dice(7)), list), list, 20_000);
      for (const [at, count] of found.entries()) expect(count / 20_000).toBeCloseTo(weights[at]! / sum, 1.6);
    },
  );

  test('is the other one where the first is busier', () => {
    const list = candidates(1, 1);
    list[0]!.endpoint.active = 1;
    expect(counts(among(new RandomTwo(dice(1)), list), list, 100)).toEqual([0, 100]);
  });

  test('is never one and the same, whatever the lots say', () => {
    for (const lots of [
      [0, 0],
      [0, 0.999_999_999],
      [0.5, 0.5],
      [0.999_999_999, 0.999_999_999],
    ]) {
      const list = candidates(1, 3, 2);
      let at = 0;
      const balancer = among(new RandomTwo(() => lots[at++ % 2]!), list);
      // Busy as they are, an idle one of the pair would always win: so it shows who the second was.
      for (const first of list) {
        for (const { endpoint } of list) endpoint.active = 0;
        first.endpoint.active = 1_000;
        expect(balancer.pick(anyClient, [])).not.toBe(first.endpoint);
      }
    }
  });

  test('is drawn by weight among the others, too', () => {
    const list = candidates(2, 1, 3);
    list[0]!.endpoint.active = 1_000;
    const lots = dice(5);
    let draws = 0;
    // The first lot is always that of the busy one, so the other one wins.
    const balancer = among(new RandomTwo(() => (draws++ % 2 === 0 ? 0 : lots())), list);
    const [a, b, c] = counts(balancer, list, 10_000);
    expect(a).toBe(0);
    expect(b! / (b! + c!)).toBeCloseTo(1 / 4, 1.6);
  });

  test('keeps the load even where many are under way', () => {
    const list = candidates(...Array.from({ length: 20 }, () => 1));
    const balancer = among(new RandomTwo(dice(3)), list);
    for (let i = 0; i < 2_000; i++) balancer.pick(anyClient, [])!.active++;
    const loads = list.map(({ endpoint }) => endpoint.active);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(8);
  });
});

describe('hash', () => {
  const KEYS = Array.from({ length: 5_000 }, (_, at) => choiceOf({}, `198.51.${at >> 8}.${at & 255}`));
  const byIp = () => new ConsistentHash({ kind: 'ip' });
  const placed = (balancer: Balancer) => KEYS.map((choice) => balancer.pick(choice, [])!.key);

  test.each([[[1, 1, 1]], [[5, 1, 1]], [[1, 2, 3, 4]]])('spreads keys by weight: %j', (weights) => {
    const list = candidates(...weights);
    const places = placed(among(byIp(), list));
    const sum = weights.reduce((a, b) => a + b);
    for (const [at, weight] of weights.entries()) {
      const share = places.filter((name) => name === nameOf(at)).length / KEYS.length;
      expect(Math.abs(share - weight / sum)).toBeLessThan(0.02);
    }
  });

  test.each([[[1, 1, 1, 1]], [[3, 1, 2, 2]], [Array.from({ length: 10 }, () => 1)]])(
    'moves to one that comes what is its share, and nothing else: %j',
    (weights) => {
      const list = candidates(...weights);
      const before = placed(among(byIp(), list.slice(0, -1)));
      const after = placed(among(byIp(), list));
      const moved = after.filter((name, at) => name !== before[at]);
      expect(new Set(moved)).toEqual(new Set([nameOf(list.length - 1)]));
      const share = weights.at(-1)! / weights.reduce((a, b) => a + b);
      expect(Math.abs(moved.length / KEYS.length - share)).toBeLessThan(0.02);
    },
  );

  test('moves only what was at one that goes, and spreads it over the others', () => {
    const list = candidates(1, 1, 1, 1);
    const before = placed(among(byIp(), list));
    const after = placed(
      among(
        byIp(),
        list.filter((_, at) => at !== 1),
      ),
    );
    const moved = before.flatMap((name, at) => (name === after[at] ? [] : [[name, after[at]!] as const]));
    expect(new Set(moved.map(([from]) => from))).toEqual(new Set(['b']));
    for (const name of ['a', 'c', 'd']) {
      const share = moved.filter(([, to]) => to === name).length / moved.length;
      expect(Math.abs(share - 1 / 3)).toBeLessThan(0.06);
    }
  });

  test('sends a retry where the key would go without the first', () => {
    const list = candidates(1, 1, 1);
    const balancer = among(byIp(), list);
    for (const choice of KEYS.slice(0, 100)) {
      const first = balancer.pick(choice, [])!;
      const second = balancer.pick(choice, [first]);
      const without = among(
        byIp(),
        list.filter(({ endpoint }) => endpoint !== first),
      );
      expect(second).toBe(without.pick(choice, []));
    }
  });

  test('moves nothing but what grows where a share grows', () => {
    const list = candidates(1, 1, 1);
    const before = placed(among(byIp(), list));
    list[0]!.endpoint.setAvailability(true, 0.5);
    for (const candidate of list) candidate.refresh();
    const after = placed(among(byIp(), list));
    const moved = before.filter((name, at) => name !== after[at]);
    expect(new Set(moved)).toEqual(new Set(['a']));
  });

  test('is the same in every process and every version', () => {
    const list = candidates(1, 1, 1, 1, 1);
    expect(placed(among(byIp(), list)).slice(0, 16).join('')).toMatchInlineSnapshot(`"aeeacbdcabadcabe"`);
  });

  test.each<[string, ConstructorParameters<typeof ConsistentHash>[0], string, string]>([
    ['a header', { kind: 'header', name: 'x-user' }, 'x-user', 'ann'],
    ['a cookie', { kind: 'cookie', name: 'sid' }, 'cookie', 'a=1; sid=ann; b=2'],
  ])('goes by %s, and takes turns where there is none', (_what, by, name, value) => {
    const list = candidates(1, 1, 1);
    const balancer = among(new ConsistentHash(by), list);
    const places = Array.from({ length: 9 }, (_, at) =>
      balancer.pick(choiceOf({ [name]: value }, `192.0.2.${at}`), []),
    );
    expect(new Set(places).size).toBe(1);
    expect(counts(balancer, list, 9)).toEqual([3, 3, 3]);
  });
});
