import fc from 'fast-check';
import { expect, test } from 'vitest';
import { routeConfig } from '../proof/testing/route-config.ts';
import { buildRouteTable, type RouteRequest } from './table.ts';
import { parseTarget } from './target.ts';

const prefixes = ['/', '/db', '/db/archive', '/db/archive/cold', '/a/b', '/a'];
const table = buildRouteTable(prefixes.map((prefix) => routeConfig(prefix, { id: prefix })));

/** What services do to a path before they look at it, in any order and any number. */
const STEPS: Readonly<Record<string, (path: string) => string>> = {
  merge: (path) => path.replace(/\/+/g, '/'),
  cut: (path) => path.replace(/;[^/]*/g, ''),
  slash: (path) => path.replace(/%2F/gi, '/'),
  semicolon: (path) => path.replace(/%3B/gi, ';'),
};
const steps = fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 6 });
const piece = fc.constantFrom(
  '/',
  '//',
  'db',
  '/db',
  'archive',
  '/archive',
  'cold',
  '/a',
  '/b',
  ';',
  ';x',
  '%2F',
  '%2f',
  '%3B',
  'x',
  '/x',
);
const target = fc.array(piece, { maxLength: 9 }).map((pieces) => `/${pieces.join('')}`);

function requestFor(raw: string): RouteRequest {
  const parsed = parseTarget(raw);
  if (!parsed.ok) throw new Error(`${raw} was refused: ${parsed.reason}`);
  return { host: 'a', method: 'GET', target: parsed.target, header: () => undefined };
}

test('what a service reads of a request that passes belongs to no other route, in whatever order it reads', () => {
  fc.assert(
    fc.property(target, steps, (raw, names) => {
      const request = requestFor(raw);
      const match = table.match(request)!;
      if (table.otherReading(request, match) !== null) return;
      const prefix = match.route.matcher.path === '/' ? '' : match.route.matcher.path;
      const rest = request.target.canonical.slice(prefix.length);
      const read = names.reduce((path, name) => STEPS[name]!(path), rest);
      const reread = requestFor(prefix + (read === '' ? '/' : read));
      expect(table.match(reread)?.route.id).toBe(match.route.id);
    }),
    {
      numRuns: 20_000,
      // Found late: the semicolon alone decoded, then cut.
      examples: [
        ['/%3B%2Farchive/db', ['semicolon', 'cut', 'merge']],
        ['/%3B%2fx/db', ['semicolon', 'cut', 'merge']],
      ],
    },
  );
});

test('a path without any of it is never refused', () => {
  fc.assert(
    fc.property(target, (raw) => {
      const plain = raw.replace(/;|%2F|%3B/gi, '').replace(/\/+/g, '/');
      const request = requestFor(plain);
      expect(table.otherReading(request, table.match(request)!)).toBe(null);
      expect(request.target.foldable).toBe(false);
    }),
  );
});
