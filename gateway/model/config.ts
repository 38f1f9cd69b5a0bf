/**
 * The compiled configuration: `gateway.config.yaml` as the rest of the gateway sees it.
 *
 * Everything here is plain, immutable data with units in the names. Only `config/` makes these values, so an existing `Port` or
 * `PathPrefix` has been checked.
 */

import type { EndpointConfig, Port, UpstreamConfig } from './upstream.ts';

export type * from './upstream.ts';

declare const brand: unique symbol;

/**
 * A path in canonical form (see `route/target.ts`): begins with `/`, has no trailing `/` (but for `/` itself), percent-escapes
 * of unreserved characters decoded, all other escapes in upper case.
 */
export type PathPrefix = string & { readonly [brand]: 'PathPrefix' };

/** Where in the configuration file something was written; both count from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
  /** Whose label it is, `container web-1`, and not in the file. */
  readonly origin?: string;
}

export interface GatewayConfig {
  /** Absolute path of the file that this was compiled from. */
  readonly file: string;
  readonly host: string;
  readonly port: Port;
  /** IP addresses and CIDR blocks whose `X-Forwarded-*` are believed. */
  readonly trustProxy: readonly string[];
  readonly routes: readonly RouteConfig[];
  /** Policies that apply where no route takes a request. */
  readonly unrouted: PolicySettings;
  readonly streams: readonly StreamConfig[];
  readonly services: readonly ServiceConfig[];
  /** `null`: no admin listener. */
  readonly admin: {
    readonly host: string;
    readonly port: Port;
    /** Absolute path of the file of keys, one of which is asked for; absent: none is. */
    readonly token?: string | undefined;
    /** Whether nothing may be changed from there; absent: all may but, in production, the file. */
    readonly readOnly?: boolean | undefined;
    /** TLS of the admin listener, beside plain HTTP for this machine; absent: none. Only its certificates and version count. */
    readonly tls?: TlsConfig | undefined;
  } | null;
  readonly log: LogConfig;
  /** Client connections at once; beyond it a new one is answered 503. */
  readonly maxConnections: number;
  /** Processes that share the port; `auto`: one for each core; `null`: this one alone, without a primary over it. */
  readonly workers: number | 'auto' | null;
  /** `null`: never refuses for being overloaded. */
  readonly overload: OverloadConfig | null;
  /** Where spans of exchanges are sent; `null`: nothing is traced. */
  readonly traces: TracesConfig | null;
  /** DNS servers, `address` or `address:port`, asked instead of the system's; `null`: the system's. */
  readonly resolver: readonly string[] | null;
  /** `Server-Timing` in answers; `null`: in development, not in production. */
  readonly serverTiming: boolean | null;
  /** Lower-case host names and `*.example.com`; `null`: in production every host is served, in development those that `ServedHosts` knows. */
  readonly allowedHosts: readonly string[] | null;
  /** TLS towards clients; `null`: none is spoken. */
  readonly tls: TlsConfig | null;
  /** Whether the gateway's own page stands at `/`; `null`: in development, not in production. */
  readonly page: boolean | null;
  /** Whether each route is also at a name of its own in development. */
  readonly hosts: boolean;
  /** Which containers have routes by their labels; `null`: none is asked. */
  readonly discover: DiscoverConfig | null;
  /** The Redis that replicas share; `null`: each is on its own. */
  readonly shared: SharedConfig | null;
}

export interface SharedConfig {
  /** Where it is, or where its Sentinels are. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** Under which name Sentinels know it; `null`: it is at the first of the hosts. */
  readonly sentinel: { readonly name: string; readonly password: string | null } | null;
  readonly secure: boolean;
  readonly database: number;
  readonly username: string | null;
  readonly password: string | null;
  /** Absolute; `null`: the password is that above. */
  readonly passwordFile: string | null;
  /** Absolute; `null`: those that the system knows vouch for it. */
  readonly ca: string | null;
  readonly prefix: string;
  readonly timeoutMs: number;
}

/** Containers of a Docker engine whose labels say which routes they serve. */
export type DiscoverConfig = DockerDiscovery | KubernetesDiscovery;

export interface DockerDiscovery {
  readonly kind: 'docker';
  /** `unix:///var/run/docker.sock`, `tcp://socket-proxy:2375`. */
  readonly engine: string;
  /** On which of their networks they are reached; `null`: the first by name. */
  readonly network: string | null;
  /** `container`: at their own addresses; `published`: at the ports that the engine publishes on the host. */
  readonly address: 'container' | 'published';
}

export interface KubernetesDiscovery {
  readonly kind: 'kubernetes';
  /** Of the API: `https://10.96.0.1:443`. */
  readonly server: string;
  /** Files; `null`: no token is sent, and the system's authorities are trusted. */
  readonly token: string | null;
  readonly ca: string | null;
  /** The only one that is read; `null`: all. */
  readonly namespace: string | null;
  /** Of the Gateways whose routes are served. */
  readonly gatewayClass: string;
  /** The Service at which clients reach the gateway, `NAMESPACE/NAME`; `null`: not stated. */
  readonly service: string | null;
  /** Whether the state of routes and Gateways is written into their status. */
  readonly status: boolean;
}

/** How clients are met by TLS: `tls:`. Paths are absolute. */
export interface TlsConfig {
  /** `null`: the gateway's own, beside plain HTTP. */
  readonly port: Port | null;
  /** The first is shown where none has the name that was asked for; at least one, or `acme`. `dev`: issued by the authority of this machine. */
  readonly certificates: readonly CertificateFiles[] | 'dev';
  /** Whether plain HTTP is answered with 308 to https. */
  readonly redirect: boolean;
  /** `Strict-Transport-Security` (RFC 6797); `null`: answers are without. */
  readonly hsts: HstsConfig | null;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** `null`: none is asked for. */
  readonly clientCertificates: { readonly ca: string; readonly mode: 'require' | 'request' } | null;
  /** Certificates that the gateway orders itself (RFC 8555); `null`: none. */
  readonly acme: AcmeConfig | null;
}

export interface AcmeConfig {
  /** URL of the directory, https. */
  readonly directory: string;
  /** Where the authority writes to; `null`: nowhere. */
  readonly email: string | null;
  /** At least one, in lower case; a certificate is ordered for each. */
  readonly names: readonly string[];
  /** Absolute; `null`: from the environment, see `acmeFolder`. */
  readonly folder: string | null;
  /** `null`: whichever the directory takes for its usual one. */
  readonly profile: string | null;
  /** How a name is proven; `null`: by HTTP-01, and where that fails by TLS-ALPN-01. */
  readonly challenge: 'http-01' | 'tls-alpn-01' | null;
  /** Credentials that the authority gave its customer (RFC 8555 §7.3.4); `null`: it needs none. */
  readonly externalAccount: { readonly keyId: string; readonly key: string } | null;
  /** PEM file of the authorities that may vouch for the directory itself; `null`: those that the system knows. */
  readonly ca: string | null;
}

export interface HstsConfig {
  readonly maxAgeMs: number;
  readonly subDomains: boolean;
}

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Beyond these the gateway answers 503 instead of making everybody wait. */
export interface TracesConfig {
  /** URL of the collector, path and all. */
  readonly otlp: string;
  /** Sent with each batch: credentials for a hosted collector. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether batches are packed by gzip. */
  readonly gzip: boolean;
  /** Share of the exchanges, 0 to 1. */
  readonly sample: number;
  /** Name of this gateway in traces. */
  readonly service: string;
}

export interface OverloadConfig {
  /** How late the event loop may be. */
  readonly eventLoopDelayMs: number;
  /** Resident memory of the process; `null`: not looked at. */
  readonly memoryBytes: number | null;
  /** The `Retry-After` of refusals. */
  readonly retryAfterMs: number;
}

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** One line for each exchange. */
  readonly access: boolean;
}

/** `auto`: kept at the route's path, rewritten at its name. */
export type HostHeader = 'auto' | 'keep' | 'rewrite' | { readonly name: string };

export interface RouteConfig {
  /** Unique in a configuration: the key as written (`/db`, `shop.localhost/cart`), with `#2`, `#3` ... for alternatives under one key. */
  readonly id: string;
  readonly source: SourcePosition;
  readonly matcher: RouteMatcher;
  readonly upstream: UpstreamConfig;
  /** Whether the service sees the path without the prefix. */
  readonly strip: boolean;
  /** The prefix at the service in place of the route's, canonical, without a trailing slash if something is appended; empty: none. */
  readonly rewritePrefix: string;
  /** Whether the rest of the path is appended to `rewritePrefix` and `redirect.to`. */
  readonly append: boolean;
  /** Whether `Location`, `Set-Cookie` paths and their like are put back behind the prefix. */
  readonly rewrite: boolean;
  readonly hostHeader: HostHeader;
  /** Whether bodies are kept in development (observe/exchanges/). */
  readonly inspect: boolean;
  readonly timeouts: TimeoutsConfig;
  /** Largest request body; `null`: unlimited. */
  readonly bodyMaxBytes: number | null;
  /** Absolute path of a module that extends the route through @fastify/http-proxy; `null`: a plain route. */
  readonly extend: string | null;
  /** Fastify plugins whose hooks its exchanges pass, in this order. */
  readonly use: readonly PluginUse[];
  /** A folder in place of services; `null`: none. */
  readonly folder: FolderConfig | null;
  /** Where clients are sent in the place of services; `null`: nowhere. */
  readonly redirect: RedirectConfig | null;
  /** `null`: nothing is cached. */
  readonly cache: CacheConfig | null;
  /** Where copies of its requests go; `null`: nowhere. */
  readonly mirror: MirrorConfig | null;
  readonly retries: RetriesConfig;
  readonly lane: LaneChoice;
  /** How long a request waits whose service does not listen yet; 0: not at all; `null`: as the mode has it. */
  readonly holdMs: number | null;
  readonly escape: EscapeChoice;
  readonly policies: PolicySettings;
}

export interface MirrorConfig {
  readonly endpoint: EndpointConfig;
  /** Of the requests, from 0 to 1. */
  readonly share: number;
  /** Requests with larger bodies are not copied. */
  readonly bodyMaxBytes: number;
  /** Its answers are compared with the service's; absent: they are dropped. */
  readonly compare?: CompareConfig;
}

export interface CompareConfig {
  /** Differences to ignore: fields in lower case, and places in JSON as pointers (RFC 6901). */
  readonly ignore: readonly string[];
}

export interface PluginUse {
  /** A package's name, or the absolute path of a module. */
  readonly plugin: string;
  /** Folder of the configuration, where packages are looked for first. */
  readonly from: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface RedirectConfig {
  /** A path or a URL, without a slash at its end where something is appended; empty: `/`. */
  readonly to: string;
  readonly status: 301 | 302 | 303 | 307 | 308;
}

/** Files that a route answers with. Names of files are relative to the folder. */
export interface FolderConfig {
  /** Absolute. */
  readonly path: string;
  /** Files that stand for a directory; the first that exists is used. */
  readonly index: readonly string[];
  /** The file or service for a browser's navigation to a path without a file; `null`: 404. */
  readonly fallback: string | null;
  readonly listing: boolean;
  /** Whether `app.js.br` and its like are looked for beside `app.js`. */
  readonly precompressed: boolean;
  /** How long a file other than a page is used without asking again. */
  readonly maxAgeMs: number;
}

/** The settings of policies, each under its name in the file; only the policy itself knows their type (policy/policy.ts). */
export type PolicySettings = Readonly<Record<string, unknown>>;

/** Which implementation carries the exchanges: `auto` takes the wire lane wherever it can. */
export type LaneChoice = 'auto' | 'wire' | 'general';

/** The treatment of requests that a page of the route sends outside its prefix; `auto`: led back in development, not in production. */
export type EscapeChoice = 'auto' | 'redirect' | 'script' | 'name' | 'off';

/** The same where the mode is known. */
export type EscapeWay = Exclude<EscapeChoice, 'auto'>;

/** Only requests that can be repeated without harm are retried. */
export interface RetriesConfig {
  /** In all, the first one included: 1 means no retry. */
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
  /** Whether explicitly fresh errors are kept, too. */
  readonly errors: boolean;
  /** Whether answers without a stated lifetime get one from their last modification. */
  readonly heuristic: boolean;
  /** For how long a stale answer is given while the service fails or is asked in the background, unless the service states it; 0: never. */
  readonly staleIfErrorMs: number;
  readonly staleWhileRevalidateMs: number;
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
  /** All must be there. */
  readonly cookies: readonly FieldCondition[];
  /** All must be there, compared after percent-decoding. */
  readonly query: readonly FieldCondition[];
}

export interface FieldCondition {
  readonly name: string;
  readonly value: string | null;
}

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
  /** `port: auto`: `portway dev` finds a port that is free, and writes it into `port`. */
  readonly freePort: boolean;
  /** Globs, relative to `cwd`: a change of such a file restarts it. */
  readonly watch: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}
