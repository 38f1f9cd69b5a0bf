/** Compiles all routes of a file, with checks across their keys and values. */

import type { Target } from '../keys/target.ts';
import type { RouteConfig } from '../model/config.ts';
import type { Places } from './endpoint.ts';
import { reportNoPrimary, reportOtherProtocol, reportTwins } from './endpoint-conflict.ts';
import { listPath, reportUnknownServices } from './endpoints.ts';
import type { RouteDefaults } from './inherited.ts';
import { compileRoute } from './route.ts';
import { formsOf, isAlternatives } from './route-forms.ts';
import { parseRouteKey, type RouteKey } from './route-key.ts';
import type { CheckedRoute } from './route-schema.ts';
import type { CheckedConfig } from './schema.ts';
import { speaksTls } from './service-tls-schema.ts';
import { serviceNameOf } from './services.ts';
import { keySpanAt, nodeAt, type PathKey, type Span } from './source.ts';
import { reportKey, type SourceDocument } from './source-document.ts';
import { valueText } from './value-text.ts';

export interface RoutesContext {
  readonly document: SourceDocument;
  /** Absolute. */
  readonly file: string;
  readonly places: Places;
  /** Inherited settings. */
  readonly defaults: RouteDefaults;
}

/** A route, and its place in the file. */
export interface PlacedRoute {
  readonly route: RouteConfig;
  /** Of the route, or of the alternative: `['routes', '/db', 1]`. */
  readonly path: readonly PathKey[];
  readonly span: Span;
}

/** Compiles every valid route; faults of keys and of lists of targets go to the document's problems. */
export function compileRoutes(checked: CheckedConfig, context: RoutesContext): PlacedRoute[] {
  const placed: PlacedRoute[] = [];
  for (const [key, value] of Object.entries(checked.routes)) {
    const routeKey = readKey(key, context.document);
    if (routeKey !== null) placed.push(...alternatives(key, routeKey, value, context));
  }
  return placed;
}

type RouteValue = CheckedConfig['routes'][string];

function alternatives(
  key: string,
  routeKey: RouteKey,
  value: RouteValue,
  context: RoutesContext,
): PlacedRoute[] {
  const { document, file, places, defaults } = context;
  const isList = isAlternatives(value);
  return formsOf(value).map((form, index) => {
    const path = isList ? ['routes', key, index] : ['routes', key];
    const span = keySpanAt(document.root, path)!;
    const id = index === 0 ? key : `${key}#${index + 1}`;
    const place = { id, source: document.lines.positionOf(span.start), file };
    const route = compileRoute(place, routeKey, withOwnService(form, key, index), places, defaults);
    reportEndpoints(route, path, context);
    if (form.mirror && form.compare) reportTwoCopies(path, document);
    if (form.tls?.ca || form.tls?.serverName || form.tls?.insecure) reportNoTls(route, path, document);
    return { route, path, span };
  });
}

function reportEndpoints(
  { upstream: { endpoints, canary }, mirror }: RouteConfig,
  path: readonly PathKey[],
  { document, places }: RoutesContext,
): void {
  if (endpoints.length === 0) return;
  const list = { endpoints, path: listPath(document, path) };
  const own = canary && { endpoints: canary.endpoints, path: [...path, 'canary', 'to'] };
  if (mirror)
    reportUnknownServices(
      { endpoints: [mirror.endpoint], path: mirrorPath(document, path) },
      places,
      document,
    );
  reportNoPrimary(list, document);
  reportTwins(list, own, document);
  for (const each of own === null ? [list] : [list, own]) {
    reportOtherProtocol('tcp', each, document);
    reportUnknownServices(each, places, document);
  }
}

/** In the short form its value, in the long one its `to`. */
function mirrorPath(document: SourceDocument, path: readonly PathKey[]): readonly PathKey[] {
  const key = nodeAt(document.root, [...path, 'compare']) === null ? 'mirror' : 'compare';
  return listPath(document, [...path, key]);
}

/** A request has one copy. */
function reportTwoCopies(path: readonly PathKey[], document: SourceDocument): void {
  reportKey(document, [...path, 'compare'], {
    expected: 'one of mirror and compare',
    found: 'both',
    hint: 'a request has one copy; compare sees safe methods alone',
  });
}

/** Reports trust settings without any TLS endpoint. */
function reportNoTls({ upstream }: RouteConfig, path: readonly PathKey[], document: SourceDocument): void {
  const { endpoints, canary, fallback } = upstream;
  const all = [...endpoints, ...(canary?.endpoints ?? []), ...(fallback ? [fallback] : [])];
  if (all.some(({ address }) => speaksTls(address))) return;
  reportKey(document, [...path, 'tls'], {
    expected: 'an https:// or h2:// endpoint beside it',
    found: 'none',
    hint: 'certificates of the gateway itself stand below "tls:" at the top level',
  });
}

/** `to: auto` is the port of the process that stands beside the route. */
function withOwnService(form: CheckedRoute, key: string, index: number): CheckedRoute {
  const { to, run } = form;
  if (run === undefined || to === undefined || Array.isArray(to)) return form;
  const own = (target: Target): Target =>
    target.kind === 'service' && target.name === null
      ? { ...target, name: serviceNameOf(key, index) }
      : target;
  return { ...form, to: 'at' in to ? { ...to, at: own(to.at) } : own(to as Target) };
}

function readKey(key: string, document: SourceDocument): RouteKey | null {
  const parsed = parseRouteKey(key);
  if (parsed.ok) return parsed.value;
  reportKey(document, ['routes', key], {
    expected: parsed.expected ?? 'a path like /db, or host/path',
    found: parsed.found ?? valueText(key),
    hint: swappedHint(key, document) ?? parsed.hint ?? null,
  });
  return null;
}

/** `3001: /db` */
function swappedHint(key: string, document: SourceDocument): string | null {
  const value = nodeAt(document.root, ['routes', key]);
  const text = value?.kind === 'scalar' ? value.value : null;
  if (!/^\d+$/.test(key) || typeof text !== 'string' || !text.startsWith('/')) return null;
  return `the path comes first: ${text}: ${key}`;
}
