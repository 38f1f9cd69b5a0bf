/** What must hold for every target, tried on targets made of the pieces that go wrong. */
import { describe, expect, test } from 'vitest';
import { Random } from '../proof/testing/random.ts';
import { routeConfig } from '../proof/testing/route-config.ts';
import { explain } from './explain.ts';
import { formatExplanation } from './explain-text.ts';
import { forwardTarget } from './forward-target.ts';
import { buildRouteTable, type RouteRequest } from './table.ts';
import { parseTarget } from './target.ts';

const TARGETS = 20_000;
const PIECES = '/ / / db db %64b d%62 x . .. ... %2e %2E %2f %2F ; %3b'.split(' ');
const ODD_PIECES = [
  '//',
  '%25',
  '%252e',
  '?',
  '?a=1&v=2',
  '&',
  '+',
  '%',
  '%00',
  '%5c',
  '\\',
  '#',
  ' ',
  '\xe9',
  '*',
  ':',
  '@',
  'users',
];

function* targets(): Generator<string> {
  const numbers = new Random(2);
  const random = (below: number) => numbers.below(below);
  for (let made = 0; made < TARGETS; made++) {
    const pieces = random(4) === 0 ? [...PIECES, ...ODD_PIECES] : PIECES;
    const length = 1 + random(9);
    const start = random(20) === 0 ? 'http://h:80' : '/';
    yield start + Array.from({ length }, () => pieces[random(pieces.length)]).join('');
  }
}

const routes = [
  routeConfig('/db', { id: 'db' }),
  routeConfig('/db/x', { id: 'exact', exact: true }),
  routeConfig('/db/db', { id: 'deep', methods: ['GET'] }),
  routeConfig('/x', { id: 'v2', query: [{ name: 'v', value: '2' }] }),
  routeConfig('/x', { id: 'x' }),
  routeConfig('/a%2Fb', { id: 'encoded' }),
  routeConfig('/db', { id: 'hosted', host: 'h' }),
  routeConfig('/', { id: 'wild', host: '*.h', headers: [{ name: 'x', value: null }] }),
];
const table = buildRouteTable(routes);

function* matched() {
  for (const raw of targets()) {
    const parsed = parseTarget(raw);
    if (!parsed.ok) continue;
    const request: RouteRequest = {
      host: 'localhost',
      method: 'GET',
      target: parsed.target,
      header: () => undefined,
    };
    const match = table.match(request);
    if (match !== null)
      yield { target: parsed.target, match, forwarded: forwardTarget(match, parsed.target) };
  }
}

/** As the most lenient service would: everything decoded once, parameters cut off, backslashes turned. */
function resolvedLeniently(path: string): string[] {
  const decoded = path
    .split('?')[0]!
    .replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decoded
    .replaceAll('\\', '/')
    .split('/')
    .map((segment) => segment.split(';')[0]!);
}

describe('for every target', () => {
  test('what is forwarded climbs nowhere, however a service decodes it', () => {
    let seen = 0;
    for (const { forwarded } of matched()) {
      expect(resolvedLeniently(forwarded)).not.toContain('..');
      expect(resolvedLeniently(forwarded)).not.toContain('.');
      seen++;
    }
    expect(seen).toBeGreaterThan(500);
  });

  test('prefix and remainder together are what was sent, byte for byte', () => {
    for (const { target, match, forwarded } of matched()) {
      const prefix = target.raw.slice(0, match.prefixRawLength);
      const added = match.prefixRawLength === target.rawPathLength ? '/' : '';
      expect(prefix + forwarded.slice(added.length)).toBe(target.raw);
      const canonical = parseTarget(prefix);
      expect(canonical.ok && canonical.target.canonical).toBe(match.route.matcher.path);
      expect(forwarded.startsWith('/')).toBe(true);
    }
  });

  test('the canonical view is a fixed point', () => {
    for (const raw of targets()) {
      const parsed = parseTarget(raw);
      if (!parsed.ok) continue;
      const { canonical } = parsed.target;
      expect(parseTarget(canonical)).toMatchObject({
        ok: true,
        target: { canonical, raw: canonical, decodedAt: null, foldable: /\/\/|;|%2F|%3B/.test(canonical) },
      });
    }
  });

  test('the table and explain name the same route, the one that has lost nowhere', () => {
    const numbers = new Random(3);
    const random = (below: number) => numbers.below(below);
    const hosts = ['localhost', 'h', 'a.h', null];
    for (const raw of targets()) {
      const input = {
        method: ['GET', 'PUT'][random(2)]!,
        target: raw,
        host: hosts[random(hosts.length)]!,
        headers: random(2) === 0 ? [] : [['X', ''] as const],
      };
      const { chosen, candidates } = explain(table, input);
      const winners = candidates.filter(({ losses }) => losses.length === 0).map(({ id }) => id);
      expect(winners).toEqual(chosen === null ? [] : [chosen.id]);
    }
  });

  test('a refusal points into the target, and what is suggested is not refused', () => {
    for (const raw of targets()) {
      const { verdict } = explain(table, { method: 'GET', target: raw, host: null });
      if (verdict.kind !== 'refused') continue;
      expect(verdict.refusal.at).toBeLessThan(raw.length);
      const { instead } = verdict.refusal;
      if (instead !== null) expect(parseTarget(instead).ok).toBe(true);
    }
  });

  test('there is a text for the terminal', () => {
    let made = 0;
    for (const raw of targets()) {
      if (made++ % 20 !== 0) continue;
      expect(
        formatExplanation(explain(table, { method: 'GET', target: raw, host: null }), { colour: true }),
      ).toMatch(/\n$/);
    }
  });
});
