/** Routes that mean the same: one of them would never be taken. */

import type { FieldCondition, RouteMatcher } from '../model/config.ts';
import type { PlacedRoute } from './routes.ts';
import { reportKey, type SourceDocument } from './source-document.ts';

export function reportDuplicateRoutes(placed: readonly PlacedRoute[], document: SourceDocument): void {
  const firstWith = new Map<string, PlacedRoute>();
  for (const each of placed) {
    const meaning = meaningOf(each.route.matcher);
    const first = firstWith.get(meaning);
    if (first === undefined) firstWith.set(meaning, each);
    else reportDuplicate(each, first, document);
  }
}

/** Equal for two matchers that take the same requests, in whatever order their conditions are written. */
function meaningOf(matcher: RouteMatcher): string {
  const { host, path, exact, methods, headers, cookies, query } = matcher;
  const conditions = [headers, cookies, query].map(sorted);
  return JSON.stringify([host, path, exact, methods && [...methods].sort(), conditions]);
}

function sorted(conditions: readonly FieldCondition[]): string[] {
  return conditions.map(({ name, value }) => JSON.stringify([name, value])).sort();
}

function reportDuplicate(again: PlacedRoute, first: PlacedRoute, document: SourceDocument): void {
  const { line } = first.route.source;
  const sameKey = again.path[1] === first.path[1];
  reportKey(document, again.path, {
    expected: 'every route once',
    found: sameKey ? 'an alternative with the same conditions' : `${JSON.stringify(again.path[1])} again`,
    hint: sameKey
      ? `it would never be taken: give it another "when" or "exact" than line ${line} has`
      : `${JSON.stringify(first.path[1])} on line ${line} is the same route`,
  });
}
