import { lookup, Resolver } from 'node:dns/promises';
import { isIPv4 } from 'node:net';

/** The result of resolving a name. */
export interface NameAnswer<T> {
  readonly records: readonly T[];
  /** The time to live in milliseconds; `null`: unknown. It may resolve later than the records and never rejects. */
  readonly ttlMs: Promise<number | null>;
}

/** One SRV record (RFC 2782). */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Asks about one name, again and again. Rejects with the resolver's error. */
export interface NameResolver {
  addresses(host: string): Promise<NameAnswer<string>>;
  services(name: string): Promise<NameAnswer<ServiceRecord>>;
  /** Cancels pending queries. */
  close(): void;
}

/** @param servers `null`: as the system resolves names. */
export function nameResolver(servers: readonly string[] | null): NameResolver {
  return servers === null ? new SystemNames() : new ServerNames(servers);
}

/**
 * Resolves like every other program on this machine: /etc/hosts, search list, Docker's DNS, in the order of nsswitch.conf. The system gives
 * no TTL, so DNS is asked for it, too: its TTL applies if the records agree.
 */
class SystemNames implements NameResolver {
  readonly #dns = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });

  async addresses(host: string): Promise<NameAnswer<string>> {
    const ttls = Promise.allSettled([
      this.#dns.resolve4(host, { ttl: true }),
      this.#dns.resolve6(host, { ttl: true }),
    ]);
    const found = await lookup(host, { all: true, order: 'verbatim' });
    const records = found.map(({ address }) => address);
    const ttlMs = ttls.then((answers) => {
      const timed = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      return shortest(timed.filter(({ address }) => records.includes(address)));
    });
    return { records, ttlMs };
  }

  services(name: string): Promise<NameAnswer<ServiceRecord>> {
    return servicesOf(this.#dns, name);
  }

  close(): void {
    this.#dns.cancel();
  }
}

/** The servers of `resolver:`, and nothing else. */
class ServerNames implements NameResolver {
  readonly #dns = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  #v4: readonly string[] = [];
  #v6: readonly string[] = [];

  constructor(servers: readonly string[]) {
    this.#dns.setServers(servers);
  }

  /** A server that fails for one family keeps that family's last records: some never learn about AAAA. */
  async addresses(host: string): Promise<NameAnswer<string>> {
    const [v4, v6] = await Promise.allSettled([
      this.#dns.resolve4(host, { ttl: true }),
      this.#dns.resolve6(host, { ttl: true }),
    ]);
    if (v4.status === 'rejected' && v6.status === 'rejected')
      throw isEmpty(v4.reason) ? v6.reason : v4.reason;
    this.#v4 = addressesOf(v4, this.#v4);
    this.#v6 = addressesOf(v6, this.#v6);
    const timed = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    return { records: [...this.#v4, ...this.#v6], ttlMs: Promise.resolve(shortest(timed)) };
  }

  services(name: string): Promise<NameAnswer<ServiceRecord>> {
    return servicesOf(this.#dns, name);
  }

  close(): void {
    this.#dns.cancel();
  }
}

const TIMEOUT_MS = 1_000;

type Timed = readonly { readonly address: string; readonly ttl: number }[];

function addressesOf(answer: PromiseSettledResult<Timed>, before: readonly string[]): readonly string[] {
  if (answer.status === 'fulfilled') return answer.value.map(({ address }) => address);
  return isEmpty(answer.reason) ? [] : before;
}

/** The name is there, but has no such record, or is not there: an answer, unlike a server that fails. */
function isEmpty({ code }: { readonly code?: string }): boolean {
  return code === 'ENODATA' || code === 'ENOTFOUND';
}

function shortest(timed: Timed): number | null {
  return timed.length === 0 ? null : Math.min(...timed.map(({ ttl }) => ttl * 1_000));
}

/** Node gives no TTL of SRV records. A target of "." means that the service is not available (RFC 2782). */
async function servicesOf(dns: Resolver, name: string): Promise<NameAnswer<ServiceRecord>> {
  const records = await dns.resolveSrv(name);
  return {
    records: records.filter((record) => record.name !== '.' && record.name !== ''),
    ttlMs: Promise.resolve(null),
  };
}

/**
 * The addresses of a name as places to connect to, each a list to be tried in turn. Where a name has addresses of both families, the
 * first of one and the first of the other make one place, and so on: most often they are the same machine, and one of the two ways may
 * well lead nowhere. In an order that does not depend on that of the answer, which servers shuffle.
 */
export function placesOf(addresses: readonly string[]): readonly (readonly string[])[] {
  const sorted = [...new Set(addresses)].sort();
  const v4 = sorted.filter((address) => isIPv4(address));
  const v6 = sorted.filter((address) => !isIPv4(address));
  const count = Math.max(v4.length, v6.length);
  return Array.from({ length: count }, (_, at) =>
    [v4[at], v6[at]].filter((address) => address !== undefined),
  );
}
