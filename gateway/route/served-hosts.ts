import type { GatewayConfig } from '../model/config.ts';

/**
 * The hosts that are served where not every host is.
 *
 * Against DNS rebinding: a page of evil.example whose name suddenly resolves to this machine is, to the browser, on the same origin as
 * the gateway. Its requests still say `Host: evil.example`. An address can't be made to mean another one, and the names of `localhost`
 * never leave the machine (RFC 6761 §6.3), so both are always served.
 */
export class ServedHosts {
  readonly #names: ReadonlySet<string>;
  /** Domains after `*.`. */
  readonly #wildcards: ReadonlySet<string>;

  /** @param patterns host names and `*.example.com`, in lower case */
  constructor(patterns: readonly string[]) {
    this.#names = new Set(patterns.filter((pattern) => !pattern.startsWith('*.')));
    this.#wildcards = new Set(
      patterns.filter((pattern) => pattern.startsWith('*.')).map((pattern) => pattern.slice(2)),
    );
  }

  /** @param host lower case, without port (`hostOf` in authority.ts) */
  has(host: string): boolean {
    if (isAddress(host) || host === 'localhost' || host.endsWith('.localhost')) return true;
    return this.#names.has(host) || this.#isBelowWildcard(host);
  }

  #isBelowWildcard(host: string): boolean {
    // No name is longer (RFC 1035 §2.3.4), and each of its labels costs a look-up.
    if (this.#wildcards.size === 0 || host.length > 253) return false;
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      if (this.#wildcards.has(host.slice(dot + 1))) return true;
    }
    return false;
  }
}

/** `null`: every host is served, as in production where the configuration allows none. */
export function servedHosts(
  { routes, host, allowedHosts }: Pick<GatewayConfig, 'routes' | 'host' | 'allowedHosts'>,
  mode: 'development' | 'production',
): ServedHosts | null {
  if (mode === 'production' && allowedHosts === null) return null;
  const ofRoutes = routes.flatMap(({ matcher }) => matcher.host ?? []);
  return new ServedHosts([host, ...ofRoutes, ...(allowedHosts ?? [])]);
}

/** A name can't look like one: its last label is not a number (WHATWG URL, "ends in a number"). */
function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}
