/** `filters:` of a rule as keys of a route. */

import { listAt, mapAt, pairsAt, scalarAt } from '../nodes.ts';
import type { SourceNode, SourceScalar, Span } from '../source.ts';
import { nearestHint, type ObjectReader } from './object-reader.ts';

/** The path to which a rule applies, from which a redirect or a rewrite counts. */
export interface MatchedPath {
  readonly host: string | null;
  readonly path: string;
  readonly exact: boolean;
  /** Of the listener; `null`: none, or several. */
  readonly port: number | null;
}

export type RouteKeys = Readonly<Record<string, SourceNode | null>>;

/** @returns the target of a backend; `null` if there is none, which has been reported */
export type TargetOf = (ref: ObjectReader) => string | null;

/**
 * Reports each feature without a counterpart once.
 * @param filters of a rule and its only backend
 */
export function keysOfFilters(
  span: Span,
  filters: readonly ObjectReader[],
  matched: MatchedPath,
  targetOf: TargetOf,
): RouteKeys {
  const headers: Record<string, SourceNode | null> = {};
  const keys: Record<string, SourceNode | null> = {};
  const types = filters.map((filter) => filter.text('type') ?? '');
  for (const [at, filter] of filters.entries()) {
    const type = types[at]!;
    if (KNOWN.includes(type) && types.indexOf(type) < at) reportSecond(filter, type);
    else if (type === 'RequestHeaderModifier') headers.request = rulesOf(filter, 'requestHeaderModifier');
    else if (type === 'ResponseHeaderModifier') headers.answer = rulesOf(filter, 'responseHeaderModifier');
    else if (type === 'RequestRedirect') Object.assign(keys, redirectOf(filter, matched));
    else if (type === 'URLRewrite') Object.assign(keys, rewriteOf(filter, matched));
    else if (type === 'CORS') keys.cors = corsOf(filter);
    else if (type === 'RequestMirror') keys.mirror = mirrorOf(filter, targetOf);
    else
      filter.fault('type', {
        expected: KNOWN.join(' or '),
        found: JSON.stringify(type),
        hint: nearestHint(type, KNOWN),
      });
  }
  if (Object.keys(headers).length > 0) keys.headers = mapAt(span, headers);
  return keys;
}

const KNOWN = [
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
  'URLRewrite',
  'CORS',
  'RequestMirror',
];

function reportSecond(filter: ObjectReader, type: string): void {
  filter.fault('type', {
    expected: `one ${type} to a rule`,
    found: 'a second one',
    hint: type === 'RequestMirror' ? 'a route of Portway has one mirror' : 'make one of the two',
  });
}

function mirrorOf(filter: ObjectReader, targetOf: TargetOf): SourceNode | null {
  filter.knows('type', 'requestMirror');
  const mirror = filter.map('requestMirror');
  if (mirror === null) return filter.missing('requestMirror', 'where to');
  mirror.knows('backendRef', 'percent', 'fraction');
  const ref = mirror.map('backendRef');
  if (ref === null) return mirror.missing('backendRef', 'a Service');
  const target = targetOf(ref);
  const { span } = mirror.node;
  if (target === null) return null;
  return mapAt(span, { to: scalarAt(span, target), share: shareOf(mirror) });
}

/** `percent: 10`, or `fraction: { numerator: 1, denominator: 10 }`; the denominator is 100 by default. */
function shareOf(mirror: ObjectReader): SourceNode | null {
  const fraction = mirror.map('fraction');
  const of = fraction?.number('denominator') ?? 100;
  const percent =
    fraction === null ? mirror.number('percent') : ((fraction.number('numerator') ?? 0) * 100) / of;
  if (percent === null) return null;
  const known = mirror.get(fraction === null ? 'percent' : 'fraction')!;
  return scalarAt(known.span, `${Number(percent.toFixed(2))}%`);
}

/** By default it allows what browsers send without a preflight. */
function corsOf(filter: ObjectReader): SourceNode | null {
  filter.knows('type', 'cors');
  const cors = filter.map('cors');
  if (cors === null) return filter.missing('cors', 'a map with allowOrigins');
  cors.knows('allowOrigins', 'allowMethods', 'allowHeaders', 'exposeHeaders', 'allowCredentials', 'maxAge');
  const { span } = cors.node;
  const listed = (key: string) => {
    const texts = cors.textsOf(key);
    return texts.length === 0 ? null : texts;
  };
  /** `*` is the default here. */
  const allowed = (key: string, plain: readonly string[]) => {
    const texts = listed(key) ?? plain.map((text) => scalarAt(span, text));
    return texts.some(({ value }) => value === '*') ? null : listAt(span, texts);
  };
  const origins = listed('allowOrigins');
  const expose = listed('exposeHeaders');
  const maxAge = cors.number('maxAge') ?? 5;
  if (origins === null) return cors.missing('allowOrigins', 'the origins that are allowed');
  return mapAt(span, {
    origins: listAt(span, origins),
    methods: allowed('allowMethods', ['GET', 'HEAD', 'POST']),
    headers: allowed('allowHeaders', ['Accept']),
    expose: expose && listAt(span, expose),
    credentials: cors.scalar('allowCredentials'),
    maxAge: scalarAt(span, `${Math.min(maxAge, 86_400)}s`),
  });
}

function rulesOf(filter: ObjectReader, key: string): SourceNode | null {
  filter.knows('type', key);
  const rules = filter.map(key);
  if (rules === null) return filter.missing(key, 'a map with set, add, remove');
  rules.knows('set', 'add', 'remove');
  const { span } = rules.node;
  const removed = rules.textsOf('remove');
  return mapAt(span, {
    set: pairsOf(rules, 'set'),
    add: listsOf(rules, 'add'),
    remove: removed.length === 0 ? null : listAt(span, removed),
  });
}

function pairsOf(rules: ObjectReader, key: string): SourceNode | null {
  const pairs = rules.list(key).flatMap((each) => {
    const [name, value] = [each.needed('name'), each.needed('value')];
    return name === null || value === null ? [] : [[name, value] as const];
  });
  return pairs.length === 0 ? null : pairsAt(rules.node.span, pairs);
}

/** Several values of one name are a list. */
function listsOf(rules: ObjectReader, key: string): SourceNode | null {
  const names = new Map<string, [SourceScalar, SourceScalar[]]>();
  for (const each of rules.list(key)) {
    const [name, value] = [each.needed('name'), each.needed('value')];
    if (name === null || value === null) continue;
    const known = names.get(String(name.value).toLowerCase());
    if (known) known[1].push(value);
    else names.set(String(name.value).toLowerCase(), [name, [value]]);
  }
  const { span } = rules.node;
  const pairs = Array.from(names.values(), ([name, values]) => [name, listAt(span, values)] as const);
  return pairs.length === 0 ? null : pairsAt(span, pairs);
}

function redirectOf(filter: ObjectReader, matched: MatchedPath): RouteKeys {
  filter.knows('type', 'requestRedirect');
  const redirect = filter.map('requestRedirect');
  if (redirect === null) return { redirect: filter.missing('requestRedirect', 'where to') };
  redirect.knows('scheme', 'hostname', 'port', 'path', 'statusCode');
  const { span } = redirect.node;
  const change = redirect.map('path');
  const { path, append } = change === null ? { path: matched.path, append: null } : replacedPath(change);
  return {
    redirect: scalarAt(span, `${originOf(redirect, matched.port)}${path}`),
    append: matched.exact ? null : append,
    status: scalarAt(span, redirect.number('statusCode') ?? 302),
  };
}

/** Empty: the origin that the client used. A given scheme implies its default port, otherwise the listener's port counts. */
function originOf(redirect: ObjectReader, listened: number | null): string {
  const [scheme, hostname, port] = [
    redirect.text('scheme'),
    redirect.text('hostname'),
    redirect.number('port'),
  ];
  if (scheme === null && hostname === null && port === null) return '';
  const unsaid = scheme === null && !WELL_KNOWN.has(listened) ? listened : null;
  const shown = port === null ? unsaid : port === PORTS[scheme ?? ''] ? null : port;
  return `${scheme ?? '{scheme}'}://${hostname ?? '{host}'}${shown === null ? '' : `:${shown}`}`;
}

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };
const WELL_KNOWN: ReadonlySet<number | null> = new Set(Object.values(PORTS));

/** The replacement of the matched path, and whether the rest is appended. */
function replacedPath(change: ObjectReader): { path: string; append: SourceNode | null } {
  const type = change.word('type', ['ReplacePrefixMatch', 'ReplaceFullPath']);
  if (type !== 'ReplaceFullPath') return { path: change.text('replacePrefixMatch') || '/', append: null };
  return { path: change.text('replaceFullPath') || '/', append: scalarAt(change.node.span, false) };
}

function rewriteOf(filter: ObjectReader, { path, exact }: MatchedPath): RouteKeys {
  filter.knows('type', 'urlRewrite');
  const rewrite = filter.map('urlRewrite');
  if (rewrite === null) return { strip: filter.missing('urlRewrite', 'what is rewritten') };
  rewrite.knows('hostname', 'path');
  const hostHeader = rewrite.scalar('hostname');
  const change = rewrite.map('path');
  if (change === null) return { hostHeader };
  const { span } = change.node;
  const { path: replacement, append } = replacedPath(change);
  if (append === null && replacement === path) return { hostHeader };
  const rewritePrefix = replacement === '/' ? null : scalarAt(span, replacement);
  return { hostHeader, strip: scalarAt(span, true), rewritePrefix, append: exact ? null : append };
}

/** Deadlines of a rule: `timeouts: { request: 10s }`. */
export function timeoutsOf(rule: ObjectReader): SourceNode | null {
  const timeouts = rule.map('timeouts');
  if (timeouts === null) return null;
  timeouts.knows('request', 'backendRequest');
  const [response] = ['backendRequest', 'request']
    .flatMap((key) => timeouts.scalar(key) ?? [])
    .filter(({ value }) => !isOff(value));
  return response === undefined ? null : mapAt(timeouts.node.span, { response });
}

/** `0s` is no deadline at all. */
function isOff(duration: unknown): boolean {
  return /^(?:0+(?:ms|s|m|h)){1,4}$/.test(String(duration));
}
