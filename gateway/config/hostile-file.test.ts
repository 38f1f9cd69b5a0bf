import { describe, expect, it } from 'vitest';
import { contentOf } from '../files/content.ts';
import { loadContent } from './load.ts';
import { validate } from './validate.ts';

const FILE = '/srv/portway/gateway.config.yaml';

describe('whatever a file holds, an answer comes', () => {
  const whole = `port: 3000
trustProxy: [loopback]
routes:
  /a: &a { to: [3001, "db:3002"], timeouts: { connect: 1s } }
  'shop.localhost/b': { <<: *a, when: { methods: [GET], query: { q: "\${X:-1}" } } }
services: { db: { run: "node x", port: 3001 } } # end
`;

  it('cut off anywhere', async () => {
    for (let end = 0; end < whole.length; end++) await expectAnswer(whole.slice(0, end));
  });

  it('with any one character replaced by one that YAML has a use for', async () => {
    const random = sequence(7);
    for (let round = 0; round < 1500; round++) {
      const at = Math.floor(random() * whole.length);
      const char = SPECIAL[Math.floor(random() * SPECIAL.length)]!;
      await expectAnswer(whole.slice(0, at) + char + whole.slice(at + 1));
    }
  });

  it.each([
    ['brackets', 'a: '.padEnd(100_000, '[')],
    ['dashes', '- '.repeat(50_000)],
    ['question marks', '? '.repeat(5000)],
    ['indentation', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    ['quotes', '"'.repeat(50_001)],
    ['NUL', 'routes:\n  /a\0: 3001\n'],
    ['a name that every object has', 'services: { constructor: true }\nroutes: { toString: true }'],
    ['a scheme that every object has', 'routes: { /a: "constructor://db:80" }'],
    [
      'an authority that every object has',
      'tls: { acme: { names: a.test, directory: toString } }\nroutes: {}',
    ],
    ['a password that is no URL', 'shared: "redis://:50%@db"\nroutes: {}'],
    ['an alias of a megabyte', `*${'a'.repeat(1_000_000)}`],
    ['one long line', `routes: { /${'a'.repeat(100_000)}: x }`],
  ])('with nothing but %s', async (_, text) => {
    const result = await expectAnswer(text);
    expect(result.ok ? Infinity : result.formatted.length).toBeLessThan(20_000);
  });
});

describe('a file with many problems', () => {
  it('has the first thousand described, and the others counted', async () => {
    const keys = Array.from({ length: 3_000 }, (_, at) => `k${at}: 1\n`).join('');
    const result = await expectAnswer(`routes: {}\n${keys}`);
    const problems = result.ok ? [] : result.problems;
    expect(problems).toHaveLength(1_001);
    expect(problems[0]).toMatchObject({ line: 0, found: 'these 1000 and 2000 more' });
    expect(problems.at(-1)).toMatchObject({ path: 'k999', line: 1_001 });
  });

  // Each problem kept the whole line: 6 GB for one of 1 MB.
  it('in one long line has the part of it around each', async () => {
    const routes = Array.from({ length: 900 }, (_, at) => `/${at}: 0`).join(', ');
    const result = await expectAnswer(`routes: { ${routes}, /z: "${'x'.repeat(50_000)}" }`);
    const problems = result.ok ? [] : result.problems;
    expect(problems).toHaveLength(901);
    for (const { sourceLine, sourceFrom = 0, column } of problems) {
      expect(sourceLine.length).toBeLessThanOrEqual(2_000);
      expect(sourceLine.charAt(column - 1 - sourceFrom)).toMatch(/[0"]/);
    }
    expect(result.ok ? '' : result.formatted).toMatch(/ \/40: 0, .*\n +\| +\^ {2}0 is no port\n/);
  });

  it('of a container is no problem of the others', async () => {
    const labels = Array.from({ length: 1_500 }, (_, at) => [`portway.k${at}`, '1'] as const);
    const origin = (name: string, more: readonly (readonly [string, string])[]) => ({
      ...{ name, labels: [['portway.path', `/${name}`] as const, ...more], host: '10.0.0.1' },
      ...{ ports: [{ port: 80, at: '10.0.0.1:80' }], createdAt: 1, healthy: true },
    });
    const origins = [origin('bad', labels), origin('good', [])];
    const verdict = await validate({ text: 'discover: docker', file: FILE, env: {}, origins });
    const routes = verdict.ok
      ? verdict.config.routes.map(({ id, policies }) => [id, policies.respond === null])
      : [];
    expect(routes).toEqual([
      ['/good', true],
      ['/bad', false],
    ]);
  });
});

const SPECIAL = [...'\t\n :-[]{}&*!|>%@"\'#?,$\0<~'];

async function expectAnswer(text: string) {
  const result = await loadContent(contentOf(Buffer.from(text)), FILE, {});
  if (result.ok) expect(result.config.file).toBe(FILE);
  else expect(result.formatted).toContain('expected');
  return result;
}

/** A repeatable sequence of numbers from 0 to 1. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
