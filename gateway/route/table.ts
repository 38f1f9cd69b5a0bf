/** Decides which route takes a request (SEMANTICS 1.1). A table is immutable: a reload builds the next one. */
import type { EscapeWay, GatewayConfig, RouteConfig } from '../model/config.ts';
import { ConditionCheck, type ConditionedRequest } from './conditions.ts';
import { foldedReadings, type OtherReading } from './folded-readings.ts';
import { hostMatches } from './host-pattern.ts';
import { DASHBOARD_HOST, RouteNames } from './names.ts';
import { nearestRoutes } from './nearest.ts';
import { type ServedHosts, servedHosts } from './served-hosts.ts';
import { type RequestTarget, rawLength } from './target.ts';
import { type Candidate, SegmentTrie, toCandidate } from './trie.ts';

export interface RouteRequest extends ConditionedRequest {
  /** Lower case, without port (`hostOf` in authority.ts); `null`: none was sent. */
  readonly host: string | null;
  readonly target: RequestTarget;
}

export interface RouteMatch {
  readonly route: RouteConfig;
  /** Among the routes of the configuration. */
  readonly index: number;
  /** Characters of `target.raw` that the route's prefix takes: 0 for `/`. */
  readonly prefixRawLength: number;
  /** The path in its canonical spelling; empty for `/` and for the route that owns the name. */
  readonly prefix: string;
  /** Whether the request asked for the route by its name (names.ts). */
  readonly named: boolean;
}

export interface RouteTable {
  readonly routes: readonly RouteConfig[];
  /** The route that takes the request; `null`: none does, and none ever takes `OPTIONS *`. */
  match(request: RouteRequest): RouteMatch | null;
  /** The other route that a service's reading of the path belongs to (SEMANTICS 1.9); `null`: each reading belongs to `match`. */
  otherReading(request: RouteRequest, match: RouteMatch): OtherReading | null;
  /** `false`: the gateway does not serve this host (421). */
  serves(request: Pick<RouteRequest, 'host'>): boolean;
  /** Whether the gateway's page is shown at `/` for this host: not where a route has that path or host, whatever its conditions. */
  showsPage(host: string | null): boolean;
  /** Whether this name is the dashboard's. */
  isDashboard(host: string | null): boolean;
  /** `null`: routes are at their paths alone. */
  readonly names: RouteNames | null;
  /** Whether any route leads escaped requests back. */
  readonly leadsBack: boolean;
  escapeWay(route: RouteConfig): EscapeWay;
  /** At most three routes that the sender may have meant, nearest first, for a 404 in development. */
  nearest(canonicalPath: string, host: string | null): readonly RouteConfig[];
}

/** Hosts and pages that the gateway serves beside its routes. */
export interface TableOptions {
  /** `null`: every host. */
  readonly hosts: ServedHosts | null;
  readonly page: boolean;
  /** Whether the dashboard has its name; default not. */
  readonly dashboard?: boolean;
  /** Whether routes have names; default not. */
  readonly names?: boolean;
  /** Decides `escape: auto`, and `escape: name` of a route that has no pages at a name; default production. */
  readonly mode?: 'development' | 'production';
}

export function buildRouteTable(
  routes: readonly RouteConfig[],
  options: TableOptions = { hosts: null, page: false },
): RouteTable {
  return result(tableSteps(routes, options));
}

/** The table of a configuration, as a gateway of this mode serves it. */
export function routeTableOf(config: GatewayConfig, mode: Mode): RouteTable {
  return result(routeTableSteps(config, mode));
}

/** The same, one route at a time: ten thousand would hold up requests if their table were built in one go. */
export function routeTableSteps(config: GatewayConfig, mode: Mode): Generator<void, RouteTable> {
  return tableSteps(config.routes, {
    hosts: servedHosts(config, mode),
    page: showsOwnPage(config, mode),
    dashboard: mode === 'development' && config.admin !== null,
    names: mode === 'development' && config.hosts,
    mode,
  });
}

/** Whether `/` is the gateway's own page, where no route has it. */
export function showsOwnPage({ page }: GatewayConfig, mode: Mode): boolean {
  return page ?? mode === 'development';
}

type Mode = 'development' | 'production';

function* tableSteps(routes: readonly RouteConfig[], options: TableOptions): Generator<void, RouteTable> {
  const table = new HostTable(routes, options);
  for (const [index, route] of routes.entries()) {
    table.add(toCandidate(route, index));
    yield;
  }
  return table;
}

function result<Result>(steps: Iterator<unknown, Result>): Result {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** A host in the configuration goes before a name that the gateway gives. */
function claims(pattern: string | null, host: string): boolean {
  return pattern !== null && hostMatches(pattern, host);
}

class HostTable implements RouteTable {
  readonly routes: readonly RouteConfig[];
  #conditional = false;
  readonly #exactHosts = new Map<string, SegmentTrie>();
  /** By the domain after `*.`. */
  readonly #wildcards = new Map<string, SegmentTrie>();
  #longestWildcard = 0;
  readonly #anyHost = new SegmentTrie();
  readonly leadsBack: boolean;
  readonly names: RouteNames | null;
  readonly #options: TableOptions;
  readonly #dashboard: boolean;

  constructor(routes: readonly RouteConfig[], options: TableOptions) {
    this.#options = options;
    this.routes = routes;
    this.#dashboard =
      options.dashboard === true && !routes.some(({ matcher }) => claims(matcher.host, DASHBOARD_HOST));
    this.names = options.names ? new RouteNames(routes) : null;
    this.leadsBack = routes.some((route) => route.matcher.path !== '/' && this.escapeWay(route) !== 'off');
  }

  escapeWay(route: RouteConfig): EscapeWay {
    const { escape: choice } = route;
    if (choice !== 'auto' && (choice !== 'name' || this.#isWholeAtName(route))) return choice;
    return this.#options.mode === 'development' ? 'redirect' : 'off';
  }

  /** A redirect to a path would lead from the name to the name for ever, and a service that gets the prefix has its pages behind it. */
  #isWholeAtName(route: RouteConfig): boolean {
    return route.redirect === null && route.strip && (this.names?.of(route) ?? null) !== null;
  }

  add(candidate: Candidate): void {
    if (!candidate.unconditional) this.#conditional = true;
    this.#trieOf(candidate.route.matcher.host).add(candidate);
  }

  #trieOf(host: string | null): SegmentTrie {
    if (host === null) return this.#anyHost;
    if (!host.startsWith('*.')) return trieIn(this.#exactHosts, host);
    const suffix = host.slice(2);
    this.#longestWildcard = Math.max(this.#longestWildcard, suffix.length);
    return trieIn(this.#wildcards, suffix);
  }

  match(request: RouteRequest): RouteMatch | null {
    if (request.target.kind !== 'path') return null;
    const check = this.#conditional ? new ConditionCheck(request) : null;
    const name = this.names === null ? null : this.names.pathOf(request.host);
    if (name !== null) return this.#matchNamed(request, name, check);
    const found = this.#find(request.host, request.target.canonical, check);
    if (found === null) return null;
    const { route, index, prefixLength, prefix } = found;
    return { route, index, prefixRawLength: rawLength(request.target, prefixLength), prefix, named: false };
  }

  /** Matches a name as if the request had asked below its route's path: narrower routes apply there, too. */
  #matchNamed({ target }: RouteRequest, path: string, check: ConditionCheck | null): RouteMatch | null {
    const found = this.#anyHost.find(path + target.canonical, check);
    if (found === null || found.prefixLength < path.length) return null;
    const { route, index, prefix, prefixLength } = found;
    const prefixRawLength = rawLength(target, prefixLength - path.length);
    return { route, index, prefixRawLength, prefix: prefix.slice(path.length), named: true };
  }

  otherReading(request: RouteRequest, { route }: RouteMatch): OtherReading | null {
    const { target, host } = request;
    if (!target.foldable) return null;
    const check = this.#conditional ? new ConditionCheck(request) : null;
    // The prefix as configured, verbatim.
    const prefix = route.matcher.path === '/' ? '' : route.matcher.path;
    const name = this.names?.pathOf(host) ?? null;
    const asked = (name ?? '') + target.canonical;
    for (const rest of foldedReadings(asked.slice(prefix.length))) {
      const path = prefix + rest;
      const found = name === null ? this.#find(host, path, check) : this.#anyHost.find(path, check);
      if (found !== null && found.route !== route) return { route: found.route, path };
    }
    return null;
  }

  serves(request: Pick<RouteRequest, 'host'>): boolean {
    const { hosts } = this.#options;
    return hosts === null || request.host === null || hosts.has(request.host);
  }

  showsPage(host: string | null): boolean {
    return (
      this.#options.page &&
      (this.names?.pathOf(host) ?? null) === null &&
      !this.routes.some(({ matcher }) =>
        matcher.host === null ? matcher.path === '/' : hostMatches(matcher.host, host),
      )
    );
  }

  isDashboard(host: string | null): boolean {
    return this.#dashboard && host === DASHBOARD_HOST;
  }

  nearest(canonicalPath: string, host: string | null): readonly RouteConfig[] {
    return nearestRoutes(this.routes, canonicalPath, host);
  }

  #find(host: string | null, path: string, check: ConditionCheck | null): Candidate | null {
    const hosted = host === null ? null : this.#findHosted(host, path, check);
    return hosted ?? this.#anyHost.find(path, check);
  }

  #findHosted(host: string, path: string, check: ConditionCheck | null): Candidate | null {
    const exact = this.#exactHosts.size > 0 ? this.#exactHosts.get(host)?.find(path, check) : null;
    return exact ?? (this.#longestWildcard > 0 ? this.#findWildcard(host, path, check) : null);
  }

  /** Longest suffix first. A `Host` with thousands of labels costs no more than the longest wildcard. */
  #findWildcard(host: string, path: string, check: ConditionCheck | null): Candidate | null {
    const first = Math.max(1, host.length - this.#longestWildcard - 1);
    for (let dot = host.indexOf('.', first); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const found = this.#wildcards.get(host.slice(dot + 1))?.find(path, check);
      if (found) return found;
    }
    return null;
  }
}

function trieIn(tries: Map<string, SegmentTrie>, name: string): SegmentTrie {
  let trie = tries.get(name);
  if (trie === undefined) {
    trie = new SegmentTrie();
    tries.set(name, trie);
  }
  return trie;
}
