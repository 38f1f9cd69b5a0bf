/** HTTPRoutes as routes of a configuration. */

import { hostMatches } from '../../route/host-pattern.ts';
import { listAt, mapAt, pairsAt, scalarAt } from '../nodes.ts';
import type { ProblemList } from '../problem-list.ts';
import type { SourceNode, SourceScalar, Span } from '../source.ts';
import { keysOfFilters, type MatchedPath, type RouteKeys, type TargetOf, timeoutsOf } from './filters.ts';
import type { ObjectReader } from './object-reader.ts';
import type { KubernetesObject } from './objects.ts';
import { type Backend, hostnameOf, type Listener, type References } from './references.ts';

/** One match of one rule at one host. */
export interface Claim {
  /** Of `routes:`: `shop.example.com/cart`. */
  readonly key: string;
  /** Whether it matches every request below its path. */
  readonly isOpen: boolean;
  readonly keySpan: Span;
  /** Two claims of one key that are the same here ask for the same requests. */
  readonly condition: string;
  /** How specifically the route itself names the host: of two claims to one host the longer name wins, whatever the paths. */
  readonly hostRank: number;
  readonly route: SourceNode;
}

/** A host that is served, and how exactly a route names it. */
interface ServedHost {
  /** `null`: any. */
  readonly host: SourceScalar | null;
  readonly rank: number;
  /** Of its listeners; `null`: none, or several. */
  readonly port: number | null;
}

/** @param broken references that lead nowhere: their requests get 500, or are not matched, as the standard says */
export function claimsOf(route: KubernetesObject, references: References, broken: ProblemList): Claim[] {
  route.fields.knows('apiVersion', 'kind', 'metadata', 'spec', 'status');
  const spec = route.fields.map('spec');
  if (spec === null) return [];
  spec.knows('parentRefs', 'hostnames', 'rules');
  const listeners = references.listenersOf(route, (parent, at, fault) =>
    broken.add(parent.node.span, ['parentRefs', at], fault),
  );
  const hostnames = spec.textsOf('hostnames');
  const attached = listeners.filter((each) => hostsOf(hostnames, [each]).length > 0);
  references.attach(attached);
  if (attached.length === 0) {
    if (listeners.length > 0) broken.add(spec.get('hostnames')!.span, ['hostnames'], NO_COMMON_HOST);
    return [];
  }
  const hosts = hostsOf(hostnames, attached);
  const rules = spec.listOrOne('rules');
  return hosts.flatMap((host) =>
    rules.flatMap((rule) => claimsOfRule(rule, host, { route, references, broken })),
  );
}

const NO_COMMON_HOST = {
  expected: 'a hostname that its listeners have too',
  found: 'none',
  hint: 'a listener of *.example.com takes shop.example.com, where its Gateway has none of that name',
};

/** Without those that a narrower listener has to itself. */
function hostsOf(hostnames: readonly SourceScalar[], listeners: readonly Listener[]): ServedHost[] {
  const hosts = new Map<string | null, ServedHost>();
  for (const { hostname, port, narrower } of listeners) {
    for (const { own, common } of commonHosts(hostnames, hostname)) {
      const key = hostnameOf(common);
      if (narrower.some((each) => hostMatches(each, key))) continue;
      const served = { host: common, rank: rankOf(own), port: numberIn(port) };
      const known = hosts.get(key);
      if (known === undefined) hosts.set(key, served);
      else
        hosts.set(key, {
          ...(known.rank >= served.rank ? known : served),
          port: known.port === served.port ? known.port : null,
        });
    }
  }
  return [...hosts.values()];
}

function numberIn(scalar: SourceScalar | null): number | null {
  return typeof scalar?.value === 'number' ? scalar.value : null;
}

/** An exact name before wildcards, a longer wildcard before a shorter one. */
function rankOf(own: SourceScalar | null): number {
  if (own === null) return 0;
  const text = String(own.value);
  return text.startsWith('*.') ? text.length : Number.MAX_SAFE_INTEGER;
}

interface CommonHost {
  /** `null`: the route names none. */
  readonly own: SourceScalar | null;
  /** The narrower of the route's and the listener's. */
  readonly common: SourceScalar | null;
}

function commonHosts(hostnames: readonly SourceScalar[], listener: SourceScalar | null): CommonHost[] {
  return (hostnames.length === 0 ? [null] : hostnames).flatMap((own) => {
    if (hostMatches(hostnameOf(listener), hostnameOf(own))) return [{ own, common: own }];
    return hostMatches(hostnameOf(own), hostnameOf(listener)) ? [{ own, common: listener }] : [];
  });
}

type WeightedBackend = Backend & { readonly weight: SourceScalar | null };

interface RuleContext {
  readonly route: KubernetesObject;
  readonly references: References;
  readonly broken: ProblemList;
}

function claimsOfRule(rule: ObjectReader, host: ServedHost, context: RuleContext): Claim[] {
  rule.knows('name', 'matches', 'filters', 'backendRefs', 'timeouts');
  const refs = rule.list('backendRefs');
  const backends = refs.map((ref) => backendOf(ref, refs.length === 1, context));
  // Filters of a rule's only backend apply to the rule.
  const filters = [rule, ...refs].flatMap((each) => each.list('filters'));
  const targetOf = (ref: ObjectReader) => mirrorTargetOf(ref, context);
  const meant: Meant = { backends, filters, targetOf };
  return rule.listOrOne('matches').map((match) => claimOf(rule, match, host, meant));
}

/** Copies have one target: of several, the Service's own name leads to them. */
function mirrorTargetOf(ref: ObjectReader, { references, route, broken }: RuleContext): string | null {
  ref.knows('group', 'kind', 'namespace', 'name', 'port');
  const backend = references.backend(ref, route);
  if (!backend.ok) {
    broken.add(ref.node.span, ['backendRefs'], backend.fault);
    return null;
  }
  const { targets } = backend;
  if (targets.length === 1) return targets[0]!;
  const scheme = targets[0]!.startsWith('h2c:') ? 'h2c' : 'http';
  return `${scheme}://${ref.text('name')}.${ref.text('namespace') ?? route.namespace}.svc:${ref.number('port')}`;
}

function backendOf(
  ref: ObjectReader,
  isOnly: boolean,
  { references, route, broken }: RuleContext,
): WeightedBackend {
  ref.knows('group', 'kind', 'namespace', 'name', 'port', 'weight', 'filters');
  if (!isOnly && ref.list('filters').length > 0)
    ref.fault('filters', {
      expected: 'filters at the rule',
      found: 'filters of one backend of several',
      hint: 'make it a rule of its own',
    });
  const backend = references.backend(ref, route);
  if (!backend.ok) broken.add(ref.node.span, ['backendRefs'], backend.fault);
  return { ...backend, weight: ref.scalar('weight') };
}

/** The actions of a rule for each of its matches. */
interface Meant {
  readonly backends: readonly WeightedBackend[];
  readonly filters: readonly ObjectReader[];
  readonly targetOf: TargetOf;
}

function claimOf(
  rule: ObjectReader,
  match: ObjectReader,
  { host, rank, port }: ServedHost,
  { backends, filters, targetOf }: Meant,
): Claim {
  match.knows('path', 'headers', 'queryParams', 'method');
  const path = match.map('path');
  path?.knows('type', 'value');
  const type = path?.word('type', ['PathPrefix', 'Exact']) ?? 'PathPrefix';
  const value = path?.text('value') ?? '/';
  if (value.length > PATH_MAX)
    path!.fault('value', {
      expected: `at most ${PATH_MAX} characters`,
      found: `${value.length}`,
      hint: null,
    });
  if (type === 'Exact' && trimmed(value) !== value)
    path!.fault('value', {
      expected: 'an exact path without a slash at its end',
      found: JSON.stringify(value),
      hint: `paths are compared by their segments here: ${trimmed(value)}, or a PathPrefix`,
    });
  const matched: MatchedPath = {
    host: hostnameOf(host),
    path: trimmed(value.slice(0, PATH_MAX)),
    exact: type === 'Exact',
    port,
  };
  const { span } = rule.node;
  const when = conditionsOf(match);
  const route = mapAt(span, {
    ...originOf(rule, keysOfFilters(span, filters, matched, targetOf), backends),
    when,
    exact: matched.exact ? scalarAt(span, true) : null,
  });
  const keySpan = (path?.get('value') ?? host ?? rule.node).span;
  return {
    key: `${writtenHost(matched.host)}${matched.path}`,
    keySpan,
    isOpen: when === null && !matched.exact,
    condition: conditionText(matched.exact, when),
    hostRank: rank,
    route,
  };
}

/** The standard's limit; the work per segment depends on it. */
const PATH_MAX = 1_024;

function conditionText(exact: boolean, when: SourceNode | null): string {
  return JSON.stringify([exact, plain(when)]);
}

/** Requests that no route of a listener matches are 404, even if a route of a wider listener would match. */
export function claimOfListener(hostname: SourceScalar): Claim {
  const { span } = hostname;
  return {
    key: `${writtenHost(hostnameOf(hostname))}/`,
    keySpan: span,
    isOpen: true,
    condition: conditionText(false, null),
    hostRank: -1,
    route: mapAt(span, { respond: mapAt(span, { status: scalarAt(span, 404) }) }),
  };
}

function trimmed(path: string): string {
  return path.replace(/(?<=.)\/+$/, '') || '/';
}

/** A host of one label would be taken for a path. */
function writtenHost(host: string | null): string {
  return host === null || host.includes('.') || host === 'localhost' ? (host ?? '') : `${host}.`;
}

/** The origin: a redirect, services, or 500 without any valid backend; 503 if no backend is ready. */
function originOf(rule: ObjectReader, filters: RouteKeys, backends: readonly WeightedBackend[]): RouteKeys {
  const { span } = rule.node;
  if (filters.redirect) return filters;
  const used = backends.filter(({ weight }) => weight?.value !== 0);
  const sound = used.filter((backend) => backend.ok);
  const respond = refusalOf(span, used);
  if (sound.length === 0) return { respond, headers: filters.headers ?? null, cors: filters.cors ?? null };
  const weights = partsOf(sound);
  const to = sound.flatMap((backend, index) => endpointsOf(backend, weights[index]!));
  // Nothing is stripped or put back unless a rule says so.
  const asItIs = { strip: scalarAt(span, false), rewrite: scalarAt(span, 'off') };
  return { to: listAt(span, to), respond, ...asItIs, ...filters, timeouts: timeoutsOf(rule) };
}

/** The answer in place of invalid backends: for their share of the requests, or for all. */
function refusalOf(span: Span, used: readonly WeightedBackend[]): SourceNode | null {
  const statuses = used.flatMap((backend) => (backend.ok ? [] : [backend.status]));
  if (statuses.length === 0 && used.length > 0) return null;
  const status = scalarAt(span, statuses.includes(503) ? 503 : 500);
  if (statuses.length === used.length) return mapAt(span, { status });
  const weightOf = (all: readonly WeightedBackend[]) =>
    all.reduce((sum, { weight }) => sum + Number(weight?.value ?? 1), 0);
  const share = (100 * weightOf(used.filter(({ ok }) => !ok))) / weightOf(used);
  return mapAt(span, { status, share: scalarAt(span, `${Number(share.toFixed(2))}%`) });
}

function endpointsOf(backend: Backend & { ok: true }, weight: number | null): SourceNode[] {
  const { span } = backend.node.node;
  return backend.targets.map((target) =>
    mapAt(span, { at: scalarAt(span, target), weight: weight === null ? null : scalarAt(span, weight) }),
  );
}

/** The weight of each target of each backend: those of one have equal parts of its share. `null`: there is nothing to share. */
function partsOf(
  backends: readonly (Backend & { ok: true; weight: SourceScalar | null })[],
): readonly (number | null)[] {
  if (backends.length === 1) return [null];
  const parts = backends.map(({ weight, targets }) => Number(weight?.value ?? 1) / targets.length);
  const most = Math.max(...parts);
  // Invalid weights are reported by their reader.
  if (Number.isNaN(most)) return parts;
  for (let times = 1; times <= WEIGHT_MAX && times * most <= WEIGHT_MAX; times++)
    if (parts.every((part) => isWhole(part * times))) return parts.map((part) => Math.round(part * times));
  return parts.map((part) => Math.max(Math.min(part, 1), Math.round((part / most) * WEIGHT_MAX)));
}

function isWhole(number: number): boolean {
  return Math.abs(number - Math.round(number)) < 1e-9;
}

/** Of an endpoint; the standard's go to a million. */
const WEIGHT_MAX = 1_000;

function conditionsOf(match: ObjectReader): SourceNode | null {
  const method = match.scalar('method');
  const headers = comparisonsOf(match, 'headers');
  const query = comparisonsOf(match, 'queryParams');
  if (method === null && headers === null && query === null) return null;
  return mapAt(match.node.span, { methods: method, headers, query });
}

function comparisonsOf(match: ObjectReader, key: string): SourceNode | null {
  const pairs = match.list(key).flatMap((each) => {
    each.knows('type', 'name', 'value');
    each.word('type', ['Exact']);
    const [name, value] = [each.needed('name'), each.needed('value')];
    if (name === null || value === null) return [];
    // Header names are the same in any case, and the first of the same name holds.
    const text = key === 'headers' ? String(name.value).toLowerCase() : String(name.value);
    return [[scalarAt(name.span, text), scalarAt(value.span, String(value.value))] as const];
  });
  return pairs.length === 0 ? null : pairsAt(match.get(key)!.span, pairs);
}

/** The values of a node, in the order of their keys. */
function plain(node: SourceNode | null): unknown {
  if (node === null || node.kind === 'scalar') return node?.value ?? null;
  if (node.kind === 'list') return node.items.map(plain);
  return Array.from(node.entries, ([key, { value }]) => [key, plain(value)] as const).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
}
