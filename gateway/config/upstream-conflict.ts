/** Settings of a route or a stream that can't hold together, though each of them alone could. */

import { durationText } from '../keys/units.ts';
import type { RouteConfig, UpstreamConfig } from '../model/config.ts';
import type { RespondSettings } from '../policy/respond/keys.ts';
import { isExtended } from '../route/lane.ts';
import { FOLDER_KEYS, isRemote } from './folder-schema.ts';
import { REDIRECT_KEYS } from './redirect-schema.ts';
import { ORIGIN_KEYS } from './route-schema.ts';
import type { PlacedRoute } from './routes.ts';
import { keySpanAt, nodeAt, type PathKey } from './source.ts';
import { reportKey, reportValue, type SourceDocument } from './source-document.ts';

export function reportRouteConflicts(placed: readonly PlacedRoute[], document: SourceDocument): void {
  for (const { route, path } of placed) {
    reportUpstreamConflicts(route.upstream, path, document);
    reportPerTry(route, path, document);
    if (route.lane === 'wire') reportWire(route, path, document);
    reportOrigin(route, path, document);
    reportFallback(route, path, document);
    reportRewriting(route, path, document);
  }
}

export function reportUpstreamConflicts(
  { health, sticky, balance }: UpstreamConfig,
  path: readonly PathKey[],
  document: SourceDocument,
): void {
  if (health !== null && health.timeoutMs > health.intervalMs) {
    reportKey(document, [...path, 'health', 'timeout'], {
      expected: 'a timeout that is not longer than the interval',
      found: `a timeout of ${durationText(health.timeoutMs)}, an interval of ${durationText(health.intervalMs)}`,
      hint: 'the next check would begin before the last one has ended',
    });
  }
  if (sticky !== null && balance.kind === 'hash') {
    reportKey(document, [...path, 'sticky'], {
      expected: 'one of the two: "sticky", or "balance" by hash',
      found: 'both',
      hint: 'both keep a client with one endpoint, and they would not agree: take one of them out',
    });
  }
}

/** Either may be written at the route or at the top level. */
function reportPerTry(
  { retries, timeouts }: RouteConfig,
  path: readonly PathKey[],
  document: SourceDocument,
): void {
  const { perTryMs } = retries;
  if (perTryMs === null || perTryMs <= timeouts.responseMs) return;
  const own = [
    [...path, 'retries', 'perTry'],
    [...path, 'timeouts', 'response'],
  ].find((place) => keySpanAt(document.root, place) !== null);
  reportKey(document, own ?? ['retries', 'perTry'], {
    expected: 'a "perTry" that is not longer than the response timeout',
    found: `a "perTry" of ${durationText(perTryMs)}, a response timeout of ${durationText(timeouts.responseMs)}`,
    hint: 'the response timeout ends the whole exchange first: make that one longer, or this one shorter',
  });
}

function reportWire(route: RouteConfig, path: readonly PathKey[], document: SourceDocument): void {
  if (!isExtended(route)) return;
  const own = keySpanAt(document.root, [...path, 'lane']) !== null;
  reportKey(document, own ? [...path, 'lane'] : path, {
    expected: 'lane: auto, or general',
    found: route.extend === null ? '"wire" with "use"' : '"wire" with "extend"',
    hint: `an extended route goes through Fastify: ${own ? 'leave it to "auto"' : 'give this route "lane: auto"'}`,
  });
}

/** A route has one origin; keys about another one would have no effect. */
function reportOrigin(route: RouteConfig, path: readonly PathKey[], document: SourceDocument): void {
  const written = (key: string) => keySpanAt(document.root, [...path, key]) !== null;
  const respond = (route.policies.respond ?? null) as RespondSettings | null;
  const isPart = respond !== null && respond.share !== null;
  const isOrigin = (key: string) => key !== 'respond' || (respond !== null && !isPart);
  const [origin, ...others] = ORIGIN_KEYS.filter((key) => written(key) && isOrigin(key));
  if (origin === undefined && isPart && written('respond'))
    reportKey(document, [...path, 'respond', 'share'], {
      expected: '"to" beside it, for the other requests',
      found: 'none',
      hint: 'without "share" it answers all of them',
    });
  for (const other of others)
    reportKey(document, [...path, other], {
      expected: 'one of the two',
      found: `"${origin}" and "${other}"`,
      hint: 'one thing answers on a route: take one of them out, or give it a path of its own',
    });
  if (origin === undefined || others.length > 0) return;
  for (const { of, keys, about } of KEYS_OF_ORIGINS) {
    if (of.includes(origin)) continue;
    for (const key of keys.filter(written))
      reportKey(document, [...path, key], {
        expected: of.includes('to') ? `no "${key}" here` : `"${key}" beside "${of[0]}"`,
        found: `it beside "${origin}"`,
        hint: of.includes('to')
          ? `it is about ${about}, and ${ANSWERS[origin]} here`
          : `it is about ${about}`,
      });
  }
}

function reportRewriting(route: RouteConfig, path: readonly PathKey[], document: SourceDocument): void {
  const { strip, rewritePrefix, append } = route;
  if (!strip && (rewritePrefix !== '' || !append))
    reportKey(document, [...path, 'strip'], {
      expected: 'no "strip: false" here',
      found: `it beside "${append ? 'rewritePrefix' : 'append: false'}"`,
      hint: 'the one keeps the prefix, the other puts something in its place: take one of them out',
    });
  if (rewritePrefix !== '' && route.escape === 'script')
    reportKey(document, keySpanAt(document.root, [...path, 'escape']) ? [...path, 'escape'] : ['escape'], {
      expected: '"escape: redirect", or "off"',
      found: '"script" beside "rewritePrefix"',
      hint: 'the script in the page puts the whole prefix before what is asked for, and knows of no other',
    });
}

/** One key with two meanings: the route's origin decides which. */
function reportFallback(
  { upstream, folder, cache }: RouteConfig,
  path: readonly PathKey[],
  document: SourceDocument,
): void {
  const at = [...path, 'fallback'];
  const node = nodeAt(document.root, at);
  if (node?.kind !== 'scalar') return;
  const found = JSON.stringify(node.value);
  if (folder !== null && isRemote(String(node.value)))
    reportValue(document, at, {
      expected: 'the name of a file in the folder',
      found,
      hint: 'a service stands in for another one: beside "to"',
    });
  if (upstream.endpoints.length > 0 && folder === null && upstream.fallback === undefined)
    reportValue(document, at, {
      expected: 'a URL, such as https://staging.example.com',
      found,
      hint: 'beside "to" it is the service that is asked while nothing takes connections there',
    });
  if (upstream.fallback !== undefined && cache !== null)
    reportKey(document, [...path, 'cache'], {
      expected: 'no "cache" beside "fallback"',
      found: 'both',
      hint: 'what the fallback answers would be given out as the answers of the service: take one of them out',
    });
}

type OriginKey = (typeof ORIGIN_KEYS)[number];

const ANSWERS: Readonly<Record<OriginKey, string>> = {
  to: 'services answer',
  folder: 'files answer',
  redirect: 'a redirect answers',
  respond: '"respond" answers',
};

/** Keys that mean something beside some origins alone. */
const KEYS_OF_ORIGINS: readonly {
  readonly of: readonly OriginKey[];
  readonly keys: readonly string[];
  readonly about: string;
}[] = [
  {
    of: ['to'],
    about: 'services',
    keys: [
      ...['run', 'rewrite', 'rewritePrefix', 'hostHeader', 'balance', 'sticky', 'canary', 'health'],
      ...['slowStart', 'cache', 'retries', 'limits', 'breaker', 'ejection', 'hold', 'mirror', 'compare'],
    ],
  },
  {
    of: ['to', 'folder'],
    about: 'what services and files answer',
    keys: ['strip', 'extend', 'use', 'compress', 'escape', 'tls'],
  },
  { of: ['to', 'folder'], about: 'services and files', keys: ['fallback'] },
  { of: ['to', 'redirect'], about: 'services and redirects', keys: ['append'] },
  { of: ['folder'], about: 'files', keys: FOLDER_KEYS.filter((key) => key !== 'fallback') },
  { of: ['redirect'], about: 'redirects', keys: REDIRECT_KEYS },
];
