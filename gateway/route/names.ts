/**
 * In development each route is also at a name of its own, `vite.localhost` for `/vite`, whole and without its prefix: an application that
 * believes it owns `/` does own it there. Names below `localhost` lead to this machine without any setting (RFC 6761 §6.3).
 */
import type { RouteConfig } from '../model/config.ts';
import { hostMatches } from './host-pattern.ts';

/** Where the dashboard is in development: a name that no route has, and an origin that no application shares. */
export const DASHBOARD_HOST = 'portway.localhost';

export class RouteNames {
  readonly #pathByHost = new Map<string, string>();
  readonly #hostByPath = new Map<string, string>();
  /** Sentences: names that differ from their path, and paths without one. */
  readonly remarks: readonly string[];

  constructor(routes: readonly RouteConfig[]) {
    const paths = new Set(routes.filter(isNameable).map(({ matcher }) => matcher.path as string));
    const hosts = new Set(routes.flatMap(({ matcher }) => matcher.host ?? []));
    const wildcards = [...hosts].filter((host) => host.startsWith('*.'));
    // A path that is spelled like its name has the older right to it.
    const bySpelling = [...paths].sort((a, b) => Number(isPlain(b)) - Number(isPlain(a)));
    this.remarks = bySpelling.flatMap((path) => this.#give(path, hosts, wildcards) ?? []);
  }

  /** The path of the route with that name; `null`: none. @param host lower case, without port */
  pathOf(host: string | null): string | null {
    return host === null ? null : (this.#pathByHost.get(host) ?? null);
  }

  /** `vite.localhost`; `null`: the route has no name. */
  of({ matcher }: RouteConfig): string | null {
    return matcher.host === null ? (this.#hostByPath.get(matcher.path) ?? null) : null;
  }

  /** @returns a notice for the operator */
  #give(path: string, hosts: ReadonlySet<string>, wildcards: readonly string[]): string | null {
    const host = `${labelOf(path)}.localhost`;
    const wildcard = wildcards.find((pattern) => hostMatches(pattern, host));
    const taken = host === DASHBOARD_HOST ? 'the dashboard' : undefined;
    const owner = taken ?? this.#pathByHost.get(host) ?? (hosts.has(host) ? host : wildcard);
    if (owner !== undefined) return `${path} has no name of its own: ${host} belongs to ${owner}`;
    if (labelOf(path) === '') return `${path} has no name of its own: nothing in it can stand in a host`;
    this.#pathByHost.set(host, path);
    this.#hostByPath.set(path, host);
    return isPlain(path) ? null : `${path} is at ${host}`;
  }
}

/** Of the root there is nothing to take off, and an exact path is no place where an application could be. */
function isNameable({ matcher }: RouteConfig): boolean {
  return matcher.host === null && matcher.path !== '/' && !matcher.exact;
}

function isPlain(path: string): boolean {
  return path === `/${labelOf(path)}`;
}

/** A label of a host name (RFC 1123 §2.1); empty: nothing of the path is left. */
function labelOf(path: string): string {
  const letters = path.toLowerCase().replace(/%[0-9a-f]{2}/g, '-');
  return letters
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 63)
    .replace(/-$/, '');
}
