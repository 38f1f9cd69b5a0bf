import type net from 'node:net';
import type { DialAddress, UpstreamConfig } from '../model/config.ts';
import { connect } from '../wire/connect.ts';
import { ReadBuffer } from '../wire/read-buffer.ts';
import { authorityOf, isLoopback, schemeOf } from './authority.ts';
import { EndpointHealth, type EndpointHealthOwner } from './endpoint-health.ts';
import type { HealthChecks } from './health-checks.ts';
import type { OutcomeWindow } from './outcome-window.ts';
import type { ConnectionPool } from './pool.ts';
import { Probe } from './probe.ts';

/** Settings beside the address that its state depends on: upstreams that agree in these share the state. */
export interface EndpointSettings
  extends Pick<UpstreamConfig, 'limits' | 'health' | 'ejection' | 'slowStartMs'> {
  readonly connectTimeoutMs: number;
}

/** Called when an endpoint becomes available, or unavailable, or takes another share. */
export interface EndpointWatcher {
  endpointChanged(): void;
  /** Whether it can do without one endpoint more for a while. @param dead one where nothing gets through. */
  mayEject(dead: boolean): boolean;
  /** It has been. */
  ejected(endpoint: Endpoint): void;
}

/** One address where a service listens, with its connections and its health. It outlives reloads. */
export class Endpoint implements EndpointHealthOwner {
  readonly address: DialAddress;
  readonly key: string;
  /** Whether it stands in from elsewhere, and is asked as if there were no gateway. */
  readonly isFallback: boolean;
  /** `host:port` as the service knows itself. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  readonly probe: Probe;
  readonly health: EndpointHealth;
  /** Those of `health`, one step nearer to each exchange. */
  readonly outcomes: OutcomeWindow | null;
  /** Its HTTP connections, which it may share with an endpoint of the same address that is checked otherwise. */
  readonly connections: ConnectionPool;
  readonly #connectTimeoutMs: number;
  readonly #watchers = new Set<EndpointWatcher>();
  /** Exchanges, tunnels and streams that it was given and that have not ended: kept by `Upstream.begun` and `ended`. */
  active = 0;
  #drained = false;
  #available = true;
  #dead = false;
  #warmth = 1;

  /** @param connections are their maker's to close. */
  constructor(
    address: DialAddress,
    settings: EndpointSettings,
    checks: HealthChecks,
    connections: ConnectionPool,
  ) {
    const { connectTimeoutMs } = settings;
    this.address = address;
    this.key = address.key;
    this.isFallback = address.kind === 'tcp' && address.fallback === true;
    this.authority = authorityOf(address);
    this.scheme = schemeOf(address);
    this.#connectTimeoutMs = connectTimeoutMs;
    this.connections = connections;
    this.probe = new Probe(address, connectTimeoutMs);
    this.health = new EndpointHealth(address, settings, checks, this);
    this.outcomes = this.health.outcomes;
    this.endpointHealthChanged();
  }

  /** Whether it may be given exchanges, as its health has it, and an operator. */
  get available(): boolean {
    return this.#available && !this.#drained;
  }

  /** Whether an operator wants it to be given no new ones, however many others there are. */
  get drained(): boolean {
    return this.#drained;
  }

  set drained(drained: boolean) {
    if (drained === this.#drained) return;
    this.#drained = drained;
    for (const watcher of this.#watchers) watcher.endpointChanged();
  }

  /** The share of its weight that it may have, above 0 and up to 1: less while it starts slowly. */
  get warmth(): number {
    return this.#warmth;
  }

  /** Not available, and worse than failing: nothing gets there. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Notifies all upstreams that balance by it, so that choosing an endpoint need not ask. */
  setAvailability(available: boolean, warmth: number, dead = false): void {
    if (available === this.#available && warmth === this.#warmth && dead === this.#dead) return;
    this.#available = available;
    this.#warmth = warmth;
    this.#dead = dead;
    for (const watcher of this.#watchers) watcher.endpointChanged();
  }

  endpointHealthChanged(): void {
    const { available, warmth, dead } = this.health;
    this.setAvailability(available, warmth, dead);
  }

  /** Anybody's word is enough: an upstream that could not do without it goes on with it, in a panic (tier.ts). */
  mayEject(dead: boolean): boolean {
    for (const watcher of this.#watchers) if (watcher.mayEject(dead)) return true;
    return false;
  }

  ejected(): void {
    for (const watcher of this.#watchers) watcher.ejected(this);
  }

  watch(watcher: EndpointWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: EndpointWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** By its addresses, too; and one on this machine's loopback answers to every name of that. */
  owns(authority: string): boolean {
    if (authority === this.authority.toLowerCase()) return true;
    const { address } = this;
    if (address.kind === 'unix' || address.addresses === null) return false;
    const { addresses, port } = address;
    if (authority === `localhost:${port}`) return addresses.some(isLoopback);
    return addresses.some((name) => authority === `${name.includes(':') ? `[${name}]` : name}:${port}`);
  }

  /** A connection of its own, for a tunnel, which is asked for by HTTP/1.1. @returns gives the attempt up. */
  dial(done: (error: Error | null, socket: net.Socket | null) => void): () => void {
    const { address } = this;
    return connect(
      address.kind === 'tcp' ? { ...address, http2: false } : address,
      this.#connectTimeoutMs,
      done,
      new ReadBuffer(this.connections.memory),
    );
  }

  close(): void {
    this.health.close();
  }
}
