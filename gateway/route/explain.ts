/**
 * Which route takes a request, and why: the answer of `portway explain` and of the admin API.
 *
 * The verdict is the table's own. Why the other routes lost is worked out one by one by the rules themselves, so a test can hold
 * the table and this page to the same answer.
 */
import type { EndpointAddress, EndpointConfig, MirrorConfig, RouteConfig } from '../model/config.ts';
import { hostOf, schemePrefix } from './authority.ts';
import { balanceText, percentText, shareText } from './balance-text.ts';
import { type Loss, lossesOf } from './candidacy.ts';
import { type Escape, escapeOf, pageAtName } from './escape.ts';
import type {
  ChosenRoute,
  ExplainedCandidate,
  ExplainInput,
  Explanation,
  PolicyVerdict,
  RouteReference,
  Verdict,
} from './explanation.ts';
import { ambiguityText, type OtherReading } from './folded-readings.ts';
import { forwardTarget, navigationRedirect, redirectLocation } from './forward-target.ts';
import { extendedBy, isExtended, laneOf } from './lane.ts';
import { mendedTarget } from './mended-target.ts';
import { ownOrigin } from './origin.ts';
import { compareSpecificity } from './specificity.ts';
import type { RouteMatch, RouteRequest, RouteTable } from './table.ts';
import { parseTarget, type RequestTarget } from './target.ts';
import { faultText, refuse, type TargetRefusal } from './target-fault.ts';

/** Never throws; `input` may be anything that a person or a client can send. */
export function explain(table: RouteTable, input: ExplainInput): Explanation {
  if (isRefusedMethod(input.method)) return unrouted(input, { kind: 'method-refused', status: 405 });
  const parsed = parseTarget(input.target);
  if (!parsed.ok) return refused(input, parsed);
  if (!table.serves({ host: hostFor(input, parsed.target) }))
    return beforeRoutes(input, parsed.target, HOST_REFUSED);
  const first = answer(input.first);
  if (first !== null) return beforeRoutes(input, parsed.target, first);
  if (parsed.target.kind === 'path') return routed(table, input, parsed.target);
  // RFC 9112 §3.2.4: the asterisk-form is for OPTIONS alone.
  return input.method === 'OPTIONS'
    ? unrouted(input, { kind: 'own-answer', what: 'options' })
    : refused(input, refuse('not-a-path', 0));
}

function routed(table: RouteTable, input: ExplainInput, target: RequestTarget): Explanation {
  const request = toRequest(input, target);
  if (table.isDashboard(request.host)) return unrouted(input, { kind: 'own-answer', what: 'dashboard' });
  const match = table.match(request);
  const escaped = input.own ? escapeOf(table, request, match, input.own, false) : null;
  if (escaped !== null) return ledBack(table, input, request, escaped);
  const other = match === null ? null : table.otherReading(request, match);
  if (match !== null && other !== null) return ambiguous(input, request, match, other);
  const { canonical, raw } = target;
  return {
    request: { method: input.method, target: input.target, host: request.host, canonical, raw },
    file: input.file ?? null,
    verdict:
      ledToName(table, input, request, match) ??
      answer(input.policies?.at(-1)) ??
      verdictOf(table, request, match),
    chosen: match === null ? null : chosenRoute(table, match, target, input.drained),
    candidates: candidatesOf(table.routes, request, match),
    nearest: match === null ? table.nearest(canonical, request.host).map(reference) : [],
    changes: match === null ? null : (input.changes ?? null),
    policies: input.policies ?? [],
  };
}

function ledToName(
  table: RouteTable,
  { own }: ExplainInput,
  request: RouteRequest,
  match: RouteMatch | null,
): Verdict | null {
  const location = match !== null && own ? pageAtName(table, request, match, own) : null;
  return location === null ? null : { kind: 'led-to-name', status: 307, location };
}

function ledBack(
  table: RouteTable,
  input: ExplainInput,
  request: RouteRequest,
  { match, target, by }: Escape,
): Explanation {
  const { canonical, raw } = request.target;
  return {
    request: { method: input.method, target: input.target, host: request.host, canonical, raw },
    file: input.file ?? null,
    verdict: { kind: 'led-back', status: 307, location: target.raw, by },
    chosen: chosenRoute(table, match, target, input.drained),
    candidates: candidatesOf(table.routes, { ...request, target, header: request.header }, match),
    nearest: [],
    changes: null,
    policies: [],
  };
}

function refused(input: ExplainInput, { reason, at }: TargetRefusal): Explanation {
  const refusal = { reason, at, ...faultText(reason), instead: mendedTarget(input.target) };
  return unrouted(input, { kind: 'refused', status: 400, refusal });
}

function ambiguous(
  input: ExplainInput,
  { target, host }: RouteRequest,
  { route, prefixRawLength }: RouteMatch,
  other: OtherReading,
): Explanation {
  const { raw, rawPathLength, query } = target;
  // An absolute-form has its scheme and host before the path.
  const start = input.target.length - raw.length;
  const at = start + prefixRawLength + raw.slice(prefixRawLength, rawPathLength).search(/\/\/|;|%2f|%3b/i);
  const { mend } = faultText('ambiguous-route');
  const what = ambiguityText(route, other);
  const refusal = {
    reason: 'ambiguous-route',
    at,
    what,
    mend,
    instead: input.target.slice(0, start) + other.path + query,
  } as const;
  const explanation = unrouted(input, { kind: 'refused', status: 400, refusal });
  return { ...explanation, request: { ...explanation.request, host } };
}

const HOST_REFUSED = { kind: 'host-refused', status: 421 } as const;

function beforeRoutes(input: ExplainInput, target: RequestTarget, verdict: Verdict): Explanation {
  const explanation = unrouted(input, verdict);
  return { ...explanation, request: { ...explanation.request, host: hostFor(input, target) } };
}

function unrouted(input: ExplainInput, verdict: Verdict): Explanation {
  const host = input.host === null ? null : hostOf(input.host);
  return {
    request: { method: input.method, target: input.target, host, canonical: null, raw: null },
    file: input.file ?? null,
    verdict,
    chosen: null,
    candidates: [],
    nearest: [],
    changes: null,
    policies: [],
  };
}

/** The gateway answers these itself with 405 (SEMANTICS 1.8). */
function isRefusedMethod(method: string): boolean {
  return method === 'CONNECT' || method === 'TRACE';
}

function hostFor(input: ExplainInput, target: RequestTarget): string | null {
  const authority = target.authority ?? input.host;
  return authority === null ? null : hostOf(authority);
}

function toRequest(input: ExplainInput, target: RequestTarget): RouteRequest {
  const fields = Map.groupBy(input.headers ?? [], ([name]) => name.toLowerCase());
  const header = (name: string) =>
    fields
      .get(name)
      ?.map(([, value]) => value)
      .join(', ');
  return { method: input.method, host: hostFor(input, target), target, header };
}

function verdictOf(table: RouteTable, request: RouteRequest, match: RouteMatch | null): Verdict {
  const { method, target } = request;
  if (match === null) return noRoute(table, request);
  const { redirect } = match.route;
  if (redirect !== null)
    return {
      kind: 'redirect',
      status: redirect.status,
      location: redirectLocation(redirect, match, target, {
        // An explained request came over no connection.
        proto: '{scheme}',
        authority: request.host ?? 'localhost',
        outerPrefix: '',
      }),
    };
  const location = navigationRedirect(match, target, method, request.header('sec-fetch-mode'));
  return location === null ? { kind: 'forwarded' } : { kind: 'redirected', status: 308, location };
}

function answer(said: PolicyVerdict | undefined): Verdict | null {
  if (said === undefined || said.status === null) return null;
  return { kind: 'policy', ...said, status: said.status };
}

function noRoute(table: RouteTable, { method, target, host }: RouteRequest): Verdict {
  const asksForPage = target.canonical === '/' && (method === 'GET' || method === 'HEAD');
  return asksForPage && table.showsPage(host)
    ? { kind: 'own-answer', what: 'page' }
    : { kind: 'not-found', status: 404 };
}

function chosenRoute(
  table: RouteTable,
  match: RouteMatch,
  target: RequestTarget,
  drained: readonly string[] = [],
): ChosenRoute {
  const { route, prefixRawLength, named } = match;
  const own = ownOrigin(route);
  return {
    ...reference(route),
    path: route.matcher.path,
    exact: route.matcher.exact,
    strip: route.strip,
    rewritePrefix: route.rewritePrefix,
    prefixRawLength,
    forwarded: own === null ? forwardTarget(match, target) : null,
    hostHeader: sentHost(match),
    fallback: route.upstream.fallback !== undefined,
    name: table.names?.of(route) ?? null,
    named,
    endpoints: own === null ? endpointTexts(route, new Set(drained)) : [own],
    balance: balanceText(route.upstream),
    extend: isExtended(route) ? extendedBy(route) : null,
    lane: laneOf(route),
  };
}

function sentHost({ route, named }: RouteMatch): ChosenRoute['hostHeader'] {
  if (route.hostHeader !== 'auto') return route.hostHeader;
  return named ? 'unless-refused' : 'keep';
}

function candidatesOf(
  routes: readonly RouteConfig[],
  request: RouteRequest,
  match: RouteMatch | null,
): readonly ExplainedCandidate[] {
  const all = routes.map((route) => ({
    ...reference(route),
    losses: candidateLosses(route, request, match),
  }));
  return all.sort((a, b) => remoteness(a) - remoteness(b) || a.line - b.line);
}

/** Chosen, less specific, kept out by a condition, elsewhere. */
function remoteness({ losses }: ExplainedCandidate): number {
  const kind = losses[0]?.kind;
  if (kind === undefined) return 0;
  if (kind === 'less-specific') return 1;
  return kind === 'host' || kind === 'segment' ? 3 : 2;
}

function candidateLosses(
  route: RouteConfig,
  request: RouteRequest,
  match: RouteMatch | null,
): readonly Loss[] {
  if (match?.named && request.host !== null) return namedLosses(route, request.host, match);
  const losses = lossesOf(route, request);
  if (losses.length > 0 || match === null || route === match.route) return losses;
  const { by } = compareSpecificity(match.route.matcher, route.matcher);
  return [{ kind: 'less-specific', than: match.route.id, by }];
}

/** A name belongs to one route, whatever the path. */
function namedLosses(route: RouteConfig, host: string, match: RouteMatch): readonly Loss[] {
  return route === match.route ? [] : [{ kind: 'named', host, of: match.route.id }];
}

function reference({ id, source }: RouteConfig): RouteReference {
  return { id, ...source };
}

function endpointTexts(
  { upstream: { endpoints, canary, fallback }, mirror }: RouteConfig,
  drained: ReadonlySet<string>,
): string[] {
  const text = (endpoint: EndpointConfig, ofCanary: boolean) =>
    endpointText(endpoint.address) +
    shareText(endpoint, ofCanary) +
    (drained.has(endpoint.address.key) ? ' (drained)' : '');
  const main = endpoints.map((endpoint) => text(endpoint, false));
  const others = (canary?.endpoints ?? []).map((endpoint) => text(endpoint, true));
  const last = fallback
    ? [`${endpointText(fallback.address)} (fallback, where nobody takes the connection)`]
    : [];
  const copies = mirror
    ? [`${endpointText(mirror.endpoint.address)} (${copyText(mirror)} ${percentText(mirror.share)})`]
    : [];
  return [...main, ...others, ...last, ...copies];
}

function copyText({ compare }: MirrorConfig): string {
  return compare ? 'compared by its answers to safe requests, gets a copy of' : 'mirror, gets a copy of';
}

function endpointText(endpoint: EndpointAddress): string {
  if (endpoint.kind !== 'tcp') return endpoint.key;
  const scheme = schemePrefix(endpoint);
  const hosts = endpoint.addresses ?? [endpoint.host];
  return hosts
    .map((host) => `${scheme}${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`)
    .join(' or ');
}
