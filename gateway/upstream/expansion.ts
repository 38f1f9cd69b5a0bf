import { isIP } from 'node:net';
import type { DialAddress, EndpointConfig, Port, SrvAddress } from '../model/config.ts';
import { schemePrefix } from '../route/authority.ts';
import { domainOf } from './authority.ts';
import { placesOf, type ServiceRecord } from './name-resolver.ts';
import type { PlacedName } from './placed-names.ts';
import type { NameWatcher, WatchedName } from './watched-name.ts';

/** A configured endpoint and the addresses that it currently resolves to. */
export interface Expansion {
  /** As the configuration has it. */
  readonly key: string;
  readonly endpoints: readonly ResolvedEndpoint[];
  /** The problem with its name, for people: `shop.internal does not resolve (ENOTFOUND)`; `null`: none. */
  readonly problem: string | null;
  /** Resolves when its name was answered for the first time, or after two seconds. */
  readonly answered: Promise<unknown>;
  /** Its addresses could not be reached. */
  refreshSoon(): void;
  close(): void;
}

interface ResolvedEndpoint {
  readonly address: DialAddress;
  readonly weight: number;
  readonly backup: boolean;
}

/** Watched names, shared by their users. Every user leaves each name that it asked for. */
export interface Names {
  host(host: string): WatchedName<string>;
  leaveHost(host: string): void;
  service(name: string): WatchedName<ServiceRecord>;
  leaveService(name: string): void;
  /** Of a cluster. */
  placed(name: string): PlacedName;
}

/** @param changed called when it stands for something else than before. */
export function expansionOf(endpoint: EndpointConfig, names: Names, changed: () => void): Expansion {
  const { address, weight, backup } = endpoint;
  if (address.kind === 'srv' && address.cluster)
    return new ClusterExpansion(address, names.placed(address.name), { weight, backup }, changed);
  if (address.kind === 'srv') return new ServiceExpansion(address, { weight, backup }, names, changed);
  if (address.kind === 'unix' || address.addresses !== null)
    return new FixedExpansion({ address, weight, backup });
  return new HostExpansion(address.host, address, { weight, backup }, names, changed);
}

/** An address that needs no resolving. */
class FixedExpansion implements Expansion {
  readonly key: string;
  readonly endpoints: readonly ResolvedEndpoint[];
  readonly problem = null;
  readonly answered = Promise.resolve();

  constructor(endpoint: ResolvedEndpoint) {
    this.key = endpoint.address.key;
    this.endpoints = [endpoint];
  }

  refreshSoon(): void {}

  close(): void {}
}

type Role = Pick<ResolvedEndpoint, 'weight' | 'backup'>;
type NamedAddress = Extract<DialAddress, { kind: 'tcp' }>;

/** A name: an endpoint for each place that it stands for, of the same weight. */
class HostExpansion implements Expansion, NameWatcher {
  readonly nameChanged: () => void;
  readonly #host: string;
  readonly #address: NamedAddress;
  readonly #role: Role;
  readonly #names: Names;
  readonly #name: WatchedName<string>;

  /** @param host the name to resolve @param address makes an address of a result, with the configured name of the service */
  constructor(host: string, address: NamedAddress, role: Role, names: Names, changed: () => void) {
    this.nameChanged = changed;
    this.#host = host;
    this.#address = address;
    this.#role = role;
    this.#names = names;
    this.#name = names.host(host);
    this.#name.watch(this);
  }

  get key(): string {
    return this.#address.key;
  }

  get endpoints(): readonly ResolvedEndpoint[] {
    return placesOf(this.#name.known).map((place) => ({
      address: placed(this.#address, place, this.#host),
      ...this.#role,
    }));
  }

  get problem(): string | null {
    return problemOf(this.#host, this.#name);
  }

  get answered(): Promise<void> {
    return this.#name.answered;
  }

  refreshSoon(): void {
    this.#name.refreshSoon();
  }

  close(): void {
    this.#name.leave(this);
    this.#names.leaveHost(this.#host);
  }
}

/**
 * An SRV name: the records give host, port and weight. Those with the lowest priority number are used first, all others as backups (RFC
 * 2782). For TLS and `Host` the service has the configured name without its two labels: names from DNS must not decide which certificate is
 * trusted (RFC 6125 §6.2.1).
 */
class ServiceExpansion implements Expansion, NameWatcher {
  readonly #address: SrvAddress;
  readonly #role: Role;
  readonly #names: Names;
  readonly #changed: () => void;
  readonly #name: WatchedName<ServiceRecord>;
  #targets: readonly Expansion[] = [];

  constructor(address: SrvAddress, role: Role, names: Names, changed: () => void) {
    this.#address = address;
    this.#role = role;
    this.#names = names;
    this.#changed = changed;
    this.#name = names.service(address.name);
    this.#name.watch(this);
    this.#follow();
  }

  get key(): string {
    return this.#address.key;
  }

  get endpoints(): readonly ResolvedEndpoint[] {
    return this.#targets.flatMap(({ endpoints }) => endpoints);
  }

  get problem(): string | null {
    const own = problemOf(this.#address.name, this.#name);
    return own ?? this.#targets.find(({ problem }) => problem !== null)?.problem ?? null;
  }

  get answered(): Promise<unknown> {
    return this.#name.answered.then(() => Promise.all(this.#targets.map((target) => target.answered)));
  }

  nameChanged(): void {
    this.#follow();
    this.#changed();
  }

  #follow(): void {
    const before = this.#targets;
    const records = this.#name.known;
    const first = Math.min(...records.map(({ priority }) => priority));
    this.#targets = records.map((record) => this.#target(record, record.priority > first));
    // After the new ones were taken: a name that stays is not asked about anew.
    for (const target of before) target.close();
  }

  #target({ name, port, weight }: ServiceRecord, later: boolean): Expansion {
    const role = { weight: Math.max(1, weight) * this.#role.weight, backup: later || this.#role.backup };
    const { tls, trust, name: service } = this.#address;
    const host = domainOf(service);
    const address = {
      kind: 'tcp',
      key: '',
      tls,
      host,
      port: port as Port,
      addresses: null,
      ...(trust && { trust }),
    } as const;
    if (isIP(name) !== 0) return new FixedExpansion({ address: placed(address, [name], service), ...role });
    return new HostExpansion(name, address, role, this.#names, this.#changed);
  }

  refreshSoon(): void {
    this.#name.refreshSoon();
    for (const target of this.#targets) target.refreshSoon();
  }

  close(): void {
    this.#name.leave(this);
    this.#names.leaveService(this.#address.name);
    for (const target of this.#targets) target.close();
  }
}

/** The pods of a Kubernetes Service, which share its weight. No ready pod is no error. */
class ClusterExpansion implements Expansion, NameWatcher {
  readonly key: string;
  readonly nameChanged: () => void;
  readonly problem = null;
  readonly answered = Promise.resolve();
  readonly #name: PlacedName;
  readonly #role: Role;
  readonly #http2: boolean;

  constructor({ key, http2 }: SrvAddress, name: PlacedName, role: Role, changed: () => void) {
    this.key = key;
    this.#http2 = http2 ?? false;
    this.nameChanged = changed;
    this.#name = name;
    this.#role = role;
    name.watch(this);
  }

  get endpoints(): readonly ResolvedEndpoint[] {
    const { pods } = this.#name;
    return pods.map(({ address, port }) => ({
      address: {
        kind: 'tcp',
        key: `${this.#http2 ? 'h2c://' : ''}${isIP(address) === 6 ? `[${address}]` : address}:${port}`,
        tls: false,
        http2: this.#http2,
        host: address,
        port,
        addresses: [address],
      },
      weight: this.#role.weight / pods.length,
      backup: this.#role.backup,
    }));
  }

  refreshSoon(): void {}

  close(): void {
    this.#name.leave(this);
  }
}

/** One place of a name. The service is still called by the name, for its `Host` and its certificate. */
function placed(named: NamedAddress, place: readonly string[], name: string): NamedAddress {
  const { port } = named;
  const shown = place.map((address) => (isIP(address) === 6 ? `[${address}]` : address)).join();
  return { ...named, key: `${schemePrefix(named)}${shown}:${port} (${name})`, addresses: place };
}

function problemOf(name: string, { failure, known }: WatchedName<unknown>): string | null {
  if (failure === null) return null;
  const fault = `${name} does not resolve (${failure.code})`;
  if (known.length === 0) return fault;
  return `${fault} since ${new Date(failure.since).toISOString()}: what it stood for before is used on`;
}
