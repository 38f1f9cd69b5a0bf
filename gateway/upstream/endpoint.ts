import type net from 'node:net';
import type { DialAddress, EndpointAddress } from '../config/model.ts';
import type { AnswerSink, Lane, UpstreamCall, UpstreamRequest } from '../forward/exchange.ts';
import { connect } from './connect.ts';
import { ConnectionPool } from './pool.ts';
import { Probe } from './probe.ts';

/** Who is told that an endpoint is available, or no more, or takes another share. */
export interface EndpointWatcher {
  endpointChanged(): void;
}

/** One address where a service listens, with its connections and what is known of its health. It outlives reloads. */
export class Endpoint {
  readonly address: DialAddress;
  /** `host:port` as the service knows itself. */
  readonly authority: string;
  readonly probe: Probe;
  readonly #connectTimeoutMs: number;
  readonly #pool: ConnectionPool;
  readonly #watchers = new Set<EndpointWatcher>();
  /** Exchanges, tunnels and streams that it was given and that have not ended: kept by `Upstream.begun` and `ended`. */
  active = 0;
  #available = true;
  #warmth = 1;

  constructor(address: DialAddress, connectTimeoutMs: number) {
    this.address = address;
    this.authority = authorityOf(address);
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#pool = new ConnectionPool(address, connectTimeoutMs, POOL_LIMITS);
    this.probe = new Probe(address, connectTimeoutMs);
  }

  get key(): string {
    return this.address.key;
  }

  /** Whether it may be given exchanges, as its health has it. */
  get available(): boolean {
    return this.#available;
  }

  /** The share of its weight that it may have, above 0 and up to 1: less while it starts slowly. */
  get warmth(): number {
    return this.#warmth;
  }

  /** Health has changed its mind. Everybody who balances by it is told at once, so that no pick has to ask. */
  judge(available: boolean, warmth: number): void {
    if (available === this.#available && warmth === this.#warmth) return;
    this.#available = available;
    this.#warmth = warmth;
    for (const watcher of this.#watchers) watcher.endpointChanged();
  }

  watch(watcher: EndpointWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: EndpointWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** A bare port answers to every name of this machine's loopback. */
  owns(authority: string): boolean {
    if (authority === this.authority.toLowerCase()) return true;
    const { address } = this;
    if (address.kind === 'unix' || address.addresses === null) return false;
    const names = [
      'localhost',
      ...address.addresses.map((name) => (name.includes(':') ? `[${name}]` : name)),
    ];
    return names.some((name) => authority === `${name}:${address.port}`);
  }

  /** @throws GatewayError `queue_full`; every other failure is told to the sink. */
  send(request: UpstreamRequest, sink: AnswerSink, lane: Lane): UpstreamCall {
    return this.#pool.send(request, sink, lane);
  }

  /** A connection of its own, for a tunnel. @returns gives the attempt up. */
  dial(done: (error: Error | null, socket: net.Socket | null) => void): () => void {
    return connect(this.address, this.#connectTimeoutMs, done);
  }

  close(): void {
    this.#pool.close();
  }
}

/** Wide enough for a thousand event streams, narrow enough that a hung service can't take every descriptor. */
const POOL_LIMITS = { connections: 1024, waiting: 1024, waitMs: 10_000 };

/** Host and port for `hostHeader: rewrite`, and to know a service's own name in what it answers. */
export function authorityOf(address: EndpointAddress): string {
  if (address.kind === 'srv') return address.name;
  if (address.kind === 'unix') return 'localhost';
  const { host, port, tls } = address;
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (tls ? 443 : 80) ? name : `${name}:${port}`;
}
