import { describe, expect, it } from 'vitest';
import { contentOf } from '../files/content.ts';
import { loadContent } from './load.ts';

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
    ['one long line', `routes: { /${'a'.repeat(100_000)}: x }`],
  ])('with nothing but %s', async (_, text) => {
    expect((await expectAnswer(text)).ok).toBe(false);
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
