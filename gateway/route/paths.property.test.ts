import fc from 'fast-check';
import { expect, test } from 'vitest';
import { routeConfig } from '../proof/testing/route-config.ts';
import { explain } from './explain.ts';
import { forwardTarget } from './forward-target.ts';
import { buildRouteTable, type RouteRequest } from './table.ts';
import { parseTarget } from './target.ts';

/** Prefixes that lie in each other's way. */
const prefixes = ['/', '/db', '/db/x', '/dbx', '/a/b', '/a'];
const table = buildRouteTable(prefixes.map((prefix) => routeConfig(prefix, { id: prefix })));

const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '/db',
    'db',
    'x',
    '/a',
    '/b',
    '.',
    '..',
    '...',
    '%2F',
    '%2e',
    '%64',
    ';',
    '?',
    '&',
    '=',
    '+',
    '%',
    '%00',
    '\\',
    '#',
    ' ',
  ),
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 6,
  }),
);
const target = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);

/** The rule of SEMANTICS 1.1 in the plainest words: by segments of the path whose escaped letters are read, the longest wins. */
function ownerOf(path: string): string {
  const readable = path.replace(/%(2[DdEe]|3\d|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])/g, (escaped) =>
    decodeURIComponent(escaped),
  );
  const owners = prefixes.filter(
    (prefix) => prefix === '/' || readable === prefix || readable.startsWith(`${prefix}/`),
  );
  return owners.sort((one, other) => other.length - one.length)[0]!;
}

function requestFor(parsed: RouteRequest['target']): RouteRequest {
  return { host: 'a', method: 'GET', target: parsed, header: () => undefined };
}

test('the owner of a path is the one that a naive reader names, and explain names the same', () => {
  fc.assert(
    fc.property(target, (raw) => {
      const parsed = parseTarget(raw);
      const { chosen } = explain(table, { method: 'GET', target: raw, host: 'a' });
      if (!parsed.ok) {
        expect(chosen).toBe(null);
        return;
      }
      const request = requestFor(parsed.target);
      const match = table.match(request)!;
      expect(match.route.id).toBe(ownerOf(raw.split('?')[0]!));
      expect(chosen?.id).toBe(table.otherReading(request, match) === null ? match.route.id : undefined);
    }),
    { numRuns: 3_000 },
  );
});

test('what follows the prefix arrives byte for byte, and begins with a slash', () => {
  fc.assert(
    fc.property(target, (raw) => {
      const parsed = parseTarget(raw);
      if (!parsed.ok) return;
      const match = table.match(requestFor(parsed.target))!;
      const forwarded = forwardTarget(match, parsed.target);
      expect(forwarded.startsWith('/')).toBe(true);
      expect(raw.endsWith(forwarded.slice(1))).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test('nothing that is forwarded climbs, however its segments are read', () => {
  fc.assert(
    fc.property(target, (raw) => {
      const parsed = parseTarget(raw);
      if (!parsed.ok) return;
      const [path = ''] = forwardTarget(table.match(requestFor(parsed.target))!, parsed.target).split('?');
      const segments = path
        .replaceAll(/%2f/gi, '/')
        .replaceAll(/%2e/gi, '.')
        .replaceAll(/%3b/gi, ';')
        .split('/');
      expect(segments.map((segment) => segment.split(';')[0])).not.toContain('..');
      expect(path).not.toMatch(/%00|%5c|\\/i);
    }),
    { numRuns: 3_000 },
  );
});
