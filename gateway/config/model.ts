/**
 * The compiled configuration: what the rest of the gateway knows of `gateway.config.yaml`.
 *
 * Everything here is plain, immutable data with units in the names. Only `config/` makes these values, so a
 * `Port` or a `PathPrefix` that exists has been checked.
 */

declare const brand: unique symbol;

/** A port number from 1 to 65535 (0, meaning "any free port", only where a listener is configured by a test). */
export type Port = number & { readonly [brand]: 'Port' };

/**
 * A path in canonical form (see `route/target.ts`): begins with `/`, has no trailing `/` (but for `/` itself), percent-escapes
 * of unreserved characters decoded, all other escapes in upper case.
 */
export type PathPrefix = string & { readonly [brand]: 'PathPrefix' };

/** Where in the configuration file something was written; both count from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

export interface GatewayConfig {
  /** Absolute path of the file that this was compiled from. */
  readonly file: string;
  readonly host: string;
  readonly port: Port;
  /** IP addresses and CIDR blocks whose `X-Forwarded-*` are believed. */
  readonly trustProxy: readonly string[];
  readonly routes: readonly RouteConfig[];
  readonly streams: readonly StreamConfig[];
  readonly services: readonly ServiceConfig[];
  /** `null`: no admin listener. */
  readonly admin: { readonly host: string; readonly port: Port } | null;
  readonly log: LogConfig;
  /** Client connections at once; beyond it a new one is answered 503. */
  readonly maxConnections: number;
  /** Processes that share the port; `auto`: one for each core; `null`: this one alone, without a primary over it. */
  readonly workers: number | 'auto' | null;
  /** `null`: never refuses for being overloaded. */
  readonly overload: OverloadConfig | null;
  /** DNS servers, `address` or `address:port`, asked instead of the system's; `null`: the system's. */
  readonly resolver: readonly string[] | null;
  /** `Server-Timing` in answers; `null`: in development, not in production. */
  readonly serverTiming: boolean | null;
}

/** Beyond these the gateway answers 503 instead of making everybody wait. */
export interface OverloadConfig {
  /** How late the event loop may be. */
  readonly eventLoopDelayMs: number;
  /** Resident memory of the process; `null`: not looked at. */
  readonly memoryBytes: number | null;
  /** What the refused are told to wait. */
  readonly retryAfterMs: number;
}

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** One line for each exchange. */
  readonly access: boolean;
}

export interface RouteConfig {
  /** Unique in a configuration: the key as written (`/db`, `shop.localhost/cart`), with `#2`, `#3` ... for alternatives under one key. */
  readonly id: string;
  readonly source: SourcePosition;
  readonly matcher: RouteMatcher;
  readonly upstream: UpstreamConfig;
  /** Whether the service sees the path without the prefix. */
  readonly strip: boolean;
  /** Whether `Location`, `Set-Cookie` paths and their like are put back behind the prefix. */
  readonly rewrite: boolean;
  readonly hostHeader: 'keep' | 'rewrite';
  readonly timeouts: TimeoutsConfig;
  /** Largest request body; `null`: unlimited. */
  readonly bodyMaxBytes: number | null;
  /** Absolute path of a module that extends the route through @fastify/http-proxy; `null`: a plain route. */
  readonly extend: string | null;
  /** `null`: nothing is cached. */
  readonly cache: CacheConfig | null;
  readonly retries: RetriesConfig;
  readonly lane: LaneChoice;
}

/** Which implementation carries the exchanges: `auto` takes the wire lane wherever it can. */
export type LaneChoice = 'auto' | 'wire' | 'general';

/** Only what can be repeated without harm is tried again. */
export interface RetriesConfig {
  /** In all, the first one counted: 1 is none again. */
  readonly attempts: number;
  /** Retries as a share of requests, 0 to 1, over the whole upstream. */
  readonly budget: number;
  /** To the head of the answer, for each attempt; `null`: the response timeout alone. */
  readonly perTryMs: number | null;
}

/** A shared HTTP cache (RFC 9111) in front of a route. */
export interface CacheConfig {
  /** Absolute path of the SQLite file that keeps it; `null`: in memory. */
  readonly file: string | null;
  readonly maxBytes: number;
  /** A larger answer is not kept. */
  readonly entryMaxBytes: number;
}

export interface RouteMatcher {
  /** Lower-case host name without port, `*.example.com` for one or more labels before it; `null`: any host. */
  readonly host: string | null;
  readonly path: PathPrefix;
  /** Only this very path, nothing below it. */
  readonly exact: boolean;
  /** Upper-case method tokens; `null`: any. */
  readonly methods: readonly string[] | null;
  /** All must be there. `value: null`: present with any value. Names in lower case. */
  readonly headers: readonly FieldCondition[];
  /** All must be there, compared after percent-decoding. */
  readonly query: readonly FieldCondition[];
}

export interface FieldCondition {
  readonly name: string;
  readonly value: string | null;
}

/** Of routes and of streams; streams have no canary, stickiness, limits or breaker, and hash by address alone. */
export interface UpstreamConfig {
  /** Primary and backup ones, in the order of the file; at least one is no backup. */
  readonly endpoints: readonly EndpointConfig[];
  readonly canary: CanaryConfig | null;
  readonly balance: BalanceConfig;
  readonly sticky: StickyConfig | null;
  /** Active checks; `null`: none. */
  readonly health: HealthConfig | null;
  /** Passive health; `null`: an endpoint is never left out for what it did. */
  readonly ejection: EjectionConfig | null;
  /** How long an endpoint that came back takes to its full share; `null`: it has it at once. */
  readonly slowStartMs: number | null;
  readonly limits: LimitsConfig;
  readonly breaker: BreakerConfig | null;
}

export interface EndpointConfig {
  readonly address: EndpointAddress;
  /** From 1 to 1000: its share of requests beside the others'. */
  readonly weight: number;
  /** Only used while no other endpoint can be. */
  readonly backup: boolean;
}

/** Other endpoints for a share of the new requests. */
export interface CanaryConfig {
  readonly endpoints: readonly EndpointConfig[];
  /** From 0 to 1. */
  readonly share: number;
}

export type BalanceConfig =
  | { readonly kind: 'round-robin' | 'least-requests' | 'random-two' }
  | { readonly kind: 'hash'; readonly by: HashKey };

/** What goes to the same endpoint as long as that is there. */
export type HashKey =
  | { readonly kind: 'ip' }
  /** In lower case. */
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string };

/** A client stays with the endpoint that it was given first. */
export interface StickyConfig {
  readonly cookie: string;
  /** `null`: until the browser is closed. */
  readonly maxAgeMs: number | null;
}

export type HealthConfig = HealthRhythm &
  (
    | {
        readonly kind: 'http';
        /** With its query, as it is asked. */
        readonly path: string;
        /** Statuses that mean healthy, both ends included. */
        readonly statuses: readonly (readonly [from: number, to: number])[];
      }
    | { readonly kind: 'tcp' }
  );

export interface HealthRhythm {
  readonly intervalMs: number;
  /** Never longer than the interval. */
  readonly timeoutMs: number;
  /** Checks in a row that it takes to change one's mind. */
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

/** When an endpoint is left out for what it answered, and for how long. */
export interface EjectionConfig {
  /** In a row. */
  readonly failures: number;
  /** Failed among all, 0 to 1, where there were at least `requests` in the window. */
  readonly rate: number;
  readonly requests: number;
  readonly windowMs: number;
  /** The first time; each further time in a row it is longer. */
  readonly forMs: number;
  /** Of an upstream's endpoints at once, 0 to 1. */
  readonly maxShare: number;
}

/** For each endpoint. */
export interface LimitsConfig {
  readonly connections: number;
  /** Exchanges that wait for a connection. */
  readonly waiting: number;
  readonly waitMs: number;
}

/** Half-open, it lets `probes` requests through at once. */
export interface BreakerConfig {
  /** Failed among all, 0 to 1, where there were at least `requests` in the window. */
  readonly rate: number;
  readonly requests: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly probes: number;
}

/** Where a service is found. `key` is the one spelling that tells two endpoints apart: state is kept by it. */
export type EndpointAddress = DialAddress | SrvAddress;

/** A name whose SRV records (RFC 2782) say host and port of each endpoint. */
export interface SrvAddress {
  readonly kind: 'srv';
  readonly key: string;
  /** `_http._tcp.shop.internal` */
  readonly name: string;
  readonly tls: boolean;
}

/** What a connection can be opened to. */
export type DialAddress =
  | {
      readonly kind: 'tcp';
      readonly key: string;
      readonly tls: boolean;
      /** Name or address for logs and the `Host` header, without brackets. */
      readonly host: string;
      readonly port: Port;
      /** Addresses tried in turn without asking DNS: a bare port is `127.0.0.1`, then `::1`. */
      readonly addresses: readonly string[] | null;
    }
  | { readonly kind: 'unix'; readonly key: string; readonly path: string };

/** Durations in milliseconds; 0 is not allowed, there is no "no timeout". */
export interface TimeoutsConfig {
  readonly connectMs: number;
  /** From the last byte of the request that was sent to the head of the answer. */
  readonly responseMs: number;
  /** Between two chunks of a body, in either direction. */
  readonly idleMs: number;
  /** The same for event streams and tunnels. */
  readonly tunnelIdleMs: number;
}

/** A raw socket that is carried below HTTP: `streams:`. */
export interface StreamConfig {
  /** Unique: `tcp 7000`, `udp 127.0.0.1:7000`. */
  readonly id: string;
  readonly source: SourcePosition;
  readonly protocol: 'tcp' | 'udp';
  readonly listen: { readonly host: string; readonly port: Port };
  readonly upstream: UpstreamConfig;
  readonly connectTimeoutMs: number;
  /** Without a byte in either direction. */
  readonly idleTimeoutMs: number;
  /** Connections (UDP: sessions) at once. */
  readonly maxConnections: number;
  readonly proxyProtocol: {
    /** Whether each connection must begin with a PROXY header. */
    readonly accept: boolean;
    /** The version to send to the service; `null`: none. */
    readonly send: 'v1' | 'v2' | null;
  };
}

/** A process that `portway dev` runs and watches. */
export interface ServiceConfig {
  readonly name: string;
  readonly source: SourcePosition;
  /** A shell command line. */
  readonly run: string;
  readonly port: Port | null;
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}
