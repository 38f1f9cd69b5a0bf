/** Caches that can't be: of a route that nothing reads through, in a file that another one has, or that takes answers of any size. */

import { isExtended } from '../route/lane.ts';
import type { PlacedRoute } from './routes.ts';
import { nodeAt } from './source.ts';
import { reportKey, type SourceDocument } from './source-document.ts';

export function reportCacheConflicts(placed: readonly PlacedRoute[], document: SourceDocument): void {
  const firstWith = new Map<string, PlacedRoute>();
  for (const each of placed) {
    const { cache } = each.route;
    if (cache === null) continue;
    if (isExtended(each.route)) reportExtended(each, document);
    if (cache.file === null) continue;
    if (cache.entryMaxBytes > IN_FILE_MAX_BYTES) reportLargeInFile(each, document);
    const first = firstWith.get(cache.file);
    if (first === undefined) firstWith.set(cache.file, each);
    else reportSharedFile(each, first, document);
  }
}

/** @fastify/http-proxy stands between a cache and the client there, and may make another answer of each. */
function reportExtended(each: PlacedRoute, document: SourceDocument): void {
  reportKey(document, [...each.path, 'cache'], {
    expected: 'a route without "extend" and "use"',
    found: each.route.extend === null ? '"cache" beside "use"' : '"cache" beside "extend"',
    hint: 'an extended route is not cached: take one of the two out',
  });
}

function reportSharedFile(again: PlacedRoute, first: PlacedRoute, document: SourceDocument): void {
  reportKey(document, [...again.path, 'cache', 'file'], {
    expected: 'a file of its own for each cache',
    found: `the file of ${JSON.stringify(first.route.id)} again`,
    hint: `line ${first.route.source.line} has it: give this one another name`,
  });
}

/** SQLite writes and reads a value in one go, and every request waits for that: of 500 MiB for two seconds of CPU, and again at each hit. */
const IN_FILE_MAX_BYTES = 16 * 1024 * 1024;

function reportLargeInFile(each: PlacedRoute, document: SourceDocument): void {
  reportKey(document, [...each.path, 'cache', 'maxEntry'], {
    expected: 'at most 16MiB beside "file"',
    found: 'more',
    hint: 'requests wait while an answer is written to a file or read from it: keep larger ones in memory, without "file"',
  });
}

/** SQLite's file is of one process, and while workers are replaced there are two even where one is configured. */
export function reportFilesOfWorkers(placed: readonly PlacedRoute[], document: SourceDocument): void {
  const workers = nodeAt(document.root, ['workers']);
  const line = workers === null ? null : document.lines.positionOf(workers.span.start).line;
  for (const { route, path } of placed) {
    if (route.cache === null || route.cache.file === null) continue;
    reportKey(document, [...path, 'cache', 'file'], {
      expected: 'a cache in memory, because there are "workers"',
      found: 'a file',
      hint: `it is of one process: remove "file" here${line === null ? '' : `, or "workers" in line ${line}`}`,
    });
  }
}
