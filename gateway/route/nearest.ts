/** Guesses the route that an unmatched request was meant for. */
import type { RouteConfig } from '../model/config.ts';
import { hostMatches } from './host-pattern.ts';
import { segmentsOf } from './trie.ts';

const LIMIT = 3;
/** Longer texts are compared by their beginnings: the cost of a guess grows with the square. */
const COMPARED_LENGTH = 64;
const FURTHEST = 3;
const OTHER_HOST = 1;
/** `/api/db` for `/db`, or the other way round. */
const LEVEL_OFF = 1;

/** At most three routes, nearest first; among equals, first in the file first. Routes that resemble nothing in the path stay out. */
export function nearestRoutes(
  routes: readonly RouteConfig[],
  path: string,
  host: string | null,
): readonly RouteConfig[] {
  const asked = segmentsOf(path.toLowerCase()).slice(0, COMPARED_LENGTH);
  return routes
    .map((route) => ({ route, distance: routeDistance(route, asked, host) }))
    .filter(({ distance }) => distance < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, LIMIT)
    .map(({ route }) => route);
}

function routeDistance({ matcher }: RouteConfig, asked: readonly string[], host: string | null): number {
  const elsewhere = hostMatches(matcher.host, host) ? 0 : OTHER_HOST;
  if (matcher.path === '/') return elsewhere;
  const own = segmentsOf(matcher.path.toLowerCase());
  const depth = own.length;
  const distances = [
    textDistance(own, asked.slice(0, depth)),
    textDistance(own, asked.slice(1, depth + 1)) + LEVEL_OFF,
    depth > 1 ? textDistance(own.slice(1), asked.slice(0, depth - 1)) + LEVEL_OFF : Number.POSITIVE_INFINITY,
  ];
  return Math.min(...distances) + elsewhere;
}

/** Infinite where the two don't resemble each other. */
function textDistance(ownSegments: readonly string[], askedSegments: readonly string[]): number {
  const own = ownSegments.join('/').slice(0, COMPARED_LENGTH);
  const asked = askedSegments.join('/').slice(0, COMPARED_LENGTH);
  const allowed = Math.min(FURTHEST, Math.max(1, Math.floor(own.length / 3)));
  const edits = Math.abs(own.length - asked.length) > allowed ? allowed + 1 : editDistance(own, asked);
  if (edits <= allowed && edits < own.length) return edits;
  return isShortFor(own, asked) || isShortFor(asked, own) ? FURTHEST : Number.POSITIVE_INFINITY;
}

/** `db` for `database`, `img` for `images`: the first letter, then some of the others in their order. */
function isShortFor(short: string, long: string): boolean {
  if (short.length < 2 || short[0] !== long[0]) return false;
  let at = 0;
  for (const letter of long) {
    if (letter === short[at]) at++;
  }
  return at === short.length;
}

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours (`flies` for `files`). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1;
      let best = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + changed);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, beforeLast[column - 2]! + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
