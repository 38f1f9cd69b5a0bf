import type { Traffic } from '../../exchange/counters/traffic.ts';
import { differenceOf } from '../../exchange/difference.ts';
import { shownText } from '../../fields/secrets.ts';
import { type ComparedAnswer, isIgnored, isIgnoredField } from '../../forward/answer-pair.ts';
import type { Difference } from '../../forward/comparison.ts';
import type { ComparedAnswers, ComparedList, ComparedQuery, ShownAnswer } from '../../model/exchanges.ts';
import { totals } from '../totals.ts';
import { bodyView } from './bodies.ts';
import { shownFields } from './view.ts';

/** How the answers of compared services were, on the routes that have one. */
export async function readCompared(
  all: readonly Traffic[],
  { route, limit }: ComparedQuery,
): Promise<ComparedList> {
  const meant = all.filter(({ id, compared }) => compared !== null && (route ?? id) === id);
  const routes = meant.map(({ id, compared }) => {
    const { same, different, failed, skipped, dropped } = compared!;
    return { route: id, same, different, failed, skipped, dropped };
  });
  const newest = meant
    .flatMap(({ id, compared }) =>
      compared!.differences.map((one) => ({ route: id, difference: one as Difference })),
    )
    .sort((a, b) => b.difference.pair.at - a.difference.pair.at)
    .slice(0, limit);
  const differences: ComparedAnswers[] = [];
  // One after the other: each may be a body to be decoded.
  for (const one of newest) differences.push(await shown(one.route, one.difference));
  return { routes, differences };
}

async function shown(route: string, { pair, config }: Difference): Promise<ComparedAnswers> {
  const { method, target, at, original, other } = pair;
  const [before, after] = [await answerOf(original), await answerOf(other)];
  const difference = differenceOf(before, after, (path) => isIgnored(path, config));
  return {
    route,
    at,
    method,
    target: shownText(target),
    difference: {
      ...difference,
      fields: difference.fields.filter(({ name }) => !isIgnoredField(name, config)),
    },
  };
}

async function answerOf({ status, fields, body }: ComparedAnswer): Promise<ShownAnswer> {
  return { status, fields: shownFields(fields), body: await bodyView(body, fields) };
}

/** Joins the lists of several processes. */
export function joinedCompared(lists: readonly ComparedList[], limit: number): ComparedList {
  const byRoute = Map.groupBy(
    lists.flatMap(({ routes }) => routes),
    ({ route }) => route,
  );
  const routes = Array.from(byRoute, ([route, same]) => ({
    route,
    ...totals(same, 'same', 'different', 'failed', 'skipped', 'dropped'),
  }));
  const all = lists.flatMap(({ differences }) => differences).toSorted((a, b) => b.at - a.at);
  return { routes, differences: all.slice(0, limit) };
}
