import type { Downstream, Fields } from '../exchange/contract.ts';
import { DownstreamFilter } from '../exchange/downstream-filter.ts';
import type { RoutedExchange } from '../fields/exchange.ts';
import type { RouteMatch } from '../route/table.ts';

/** The `Host` that a service gets: the route's name; its own; or its own for these targets only, as a test. */
type LearnedHost = 'name' | 'own' | Set<string>;

/** A request, and whether the service got its own host. */
type Asked = Pick<RoutedExchange, 'rawTarget' | 'ownHost'> & { readonly method: string };

const TARGETS_MAX = 8;
const TARGET_MAX_CHARACTERS = 2_048;

/**
 * In development, decides which `Host` services get on routes that have a name: that name, so that their own links lead back here; or their
 * own, if they refuse it (`hostHeader: auto`).
 */
export class NameHosts {
  readonly #learned = new Map<string, LearnedHost>();

  /** Whether the service gets its own host. */
  rewrites({ route, named }: RouteMatch, rawTarget: string): boolean {
    const learned = named ? this.#learned.get(route.id) : undefined;
    return learned === 'own' || (learned instanceof Set && learned.has(rawTarget));
  }

  /** @returns whether it should be asked again: it refused the name, or may have. */
  answered(route: string, asked: Asked, status: number): boolean {
    if (asked.ownHost) return this.#tried(route, asked, status);
    // RFC 9110 §15.5.20: the wrong host. Transmission answers so.
    if (status === 421) {
      this.#learned.set(route, 'own');
      return true;
    }
    // Of Django and ASP.NET, of Jupyter and Vite; but not only for a host that they don't know.
    if ((status !== 400 && status !== 403) || !/^(?:GET|HEAD)$/.test(asked.method)) return false;
    return this.#mayHelp(route, asked.rawTarget);
  }

  /** One that is refused by its own host as well was not refused for the host. */
  #tried(route: string, { rawTarget }: Asked, status: number): false {
    const learned = this.#learned.get(route);
    if (learned instanceof Set && learned.has(rawTarget))
      this.#learned.set(route, status === 400 || status === 403 ? 'name' : 'own');
    return false;
  }

  #mayHelp(route: string, rawTarget: string): boolean {
    const learned = this.#learned.get(route) ?? new Set<string>();
    if (!(learned instanceof Set)) return learned === 'own';
    if (rawTarget.length > TARGET_MAX_CHARACTERS) return false;
    // They were never asked again.
    if (learned.size >= TARGETS_MAX) learned.clear();
    this.#learned.set(route, learned.add(rawTarget));
    return true;
  }
}

/** Sends the client round once more where the service refused the name of the route; it is asked by its own then. */
export class NamedAnswer extends DownstreamFilter {
  readonly #routed: RoutedExchange;
  readonly #hosts: NameHosts;

  constructor(client: Downstream, routed: RoutedExchange, hosts: NameHosts) {
    super(client);
    this.#routed = routed;
    this.#hosts = hosts;
  }

  override head(status: number, reason: string, fields: Fields): void {
    const { match, ownHost, origin, rawTarget } = this.#routed;
    const { method } = this;
    const again =
      rawTarget.startsWith('/') &&
      this.#hosts.answered(match.route.id, { method, rawTarget, ownHost }, status);
    if (!again) return super.head(status, reason, fields);
    // The body stays, for a program that follows no redirect.
    const location = `${origin.proto}://${origin.authority}${origin.outerPrefix}${rawTarget}`;
    const kept = fields.filter((_, at) => !/^(?:location|cache-control)$/i.test(fields[at & ~1]!));
    super.head(307, 'Temporary Redirect', [...kept, 'Location', location, 'Cache-Control', 'no-store']);
  }
}
