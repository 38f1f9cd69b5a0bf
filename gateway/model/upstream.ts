/** The part of the compiled configuration about upstreams. The rest of the gateway imports it through `config.ts`. */

declare const brand: unique symbol;

/** A port number from 1 to 65535 (0, meaning "any free port", only where a listener is configured by a test). */
export type Port = number & { readonly [brand]: 'Port' };

/** Of routes and of streams; streams have no canary, stickiness, limits or breaker, and hash by address alone. */
export interface UpstreamConfig {
  /** Primary and backup ones, in the order of the file; at least one is no backup. */
  readonly endpoints: readonly EndpointConfig[];
  readonly canary: CanaryConfig | null;
  /** Asked while no other endpoint is reachable; absent: none. */
  readonly fallback?: EndpointConfig;
  readonly balance: BalanceConfig;
  readonly sticky: StickyConfig | null;
  /** Active checks; `null`: none. */
  readonly health: HealthConfig | null;
  /** Passive health; `null`: endpoints are never ejected. */
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

/** The value whose requests go to the same endpoint while that is available. */
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

/** When an endpoint is ejected for its outcomes, and for how long. */
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

/** The address of a service. `key` is its one canonical spelling, by which state is kept. */
export type EndpointAddress = DialAddress | SrvAddress;

/** A name that stands for hosts with their ports: by its SRV records (RFC 2782), or of a cluster. */
export interface SrvAddress {
  readonly kind: 'srv';
  readonly key: string;
  /** `_http._tcp.shop.internal`; of a cluster `shop/web:80`: namespace, name and port of a Service. */
  readonly name: string;
  readonly tls: boolean;
  /** The cluster that is followed provides its addresses ({@link PlacedService}). */
  readonly cluster?: true;
  readonly http2?: true;
  readonly trust?: ServiceTrust;
}

/** Where those pods of a Service listen that are ready. */
export interface PlacedService {
  /** As of `SrvAddress`. */
  readonly name: string;
  readonly pods: readonly { readonly address: string; readonly port: Port }[];
}

/** Which certificate of a service is accepted: `tls:` of a route. */
export interface ServiceTrust {
  /** Absolute path of the authorities' certificates in PEM; `null`: the system's. */
  readonly caFile: string | null;
  /** Its content when the configuration was read. */
  readonly ca: string | null;
  /** The name that the service is asked for, and must show; `null`: its host. */
  readonly serverName: string | null;
  /** Whether any certificate is accepted. */
  readonly insecure: boolean;
}

/** An address to connect to. */
export type DialAddress =
  | {
      readonly kind: 'tcp';
      readonly key: string;
      readonly tls: boolean;
      /** HTTP/2, agreed upon by ALPN or, without TLS, by prior knowledge; absent: HTTP/1.1. */
      readonly http2?: boolean;
      /** How its certificate is judged; absent: by the system's authorities and its own name. */
      readonly trust?: ServiceTrust;
      /** It stands in from elsewhere for a service of this machine, and knows nothing of this gateway: `fallback` of a route. */
      readonly fallback?: true;
      /** Name or address for logs and the `Host` header, without brackets. */
      readonly host: string;
      readonly port: Port;
      /** Addresses tried in turn without asking DNS: a bare port is `127.0.0.1`, then `::1`. */
      readonly addresses: readonly string[] | null;
    }
  | { readonly kind: 'unix'; readonly key: string; readonly path: string };
