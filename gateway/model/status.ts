/** Routes, streams and their state, for the terminal's map, the gateway's own page and the admin API. */

import type { Capture } from './exchanges.ts';

export type ServiceState = 'starting' | 'ready' | 'restarting' | 'stopping' | 'stopped';

/** A process of `services:` as its supervisor sees it. Instants are milliseconds since the epoch. */
export interface ServiceStatus {
  readonly name: string;
  readonly port: number | null;
  readonly state: ServiceState;
  readonly pid: number | null;
  readonly restarts: number;
  /** Why it ended the last time. */
  readonly lastExit: {
    readonly code: number | null;
    readonly signal: string | null;
    readonly at: number;
  } | null;
  /** The newest lines that it wrote, oldest first, at most 20. */
  readonly lastOutput: readonly string[];
  /** The obstacle to starting it now: `port 3001 is taken by node other.js (pid 7)`. */
  readonly obstacle?: string;
  /** Whether requests may wait for it: it starts, and has not failed to again and again. */
  readonly awaited?: boolean;
}

export interface EndpointStatus {
  /** `127.0.0.1:3001`, `unix:/run/app.sock`. */
  readonly address: string;
  /** `down` also if checks or outcomes keep requests from it. */
  readonly state: 'up' | 'down' | 'unknown';
  /** The evidence against it, in plain words: `nothing listens on 3001`, `GET /healthz 503 ×3 since 14:01:07`. */
  readonly reason: string | null;
  /** Absent while its name is not resolved. */
  readonly role?: 'primary' | 'backup' | 'canary' | 'fallback';
  readonly weight?: number;
  /** An operator wants it to get nothing new: how many exchanges it still has; absent: it is not drained. */
  readonly drained?: number;
}

/** The state of an address after draining or re-admitting it. */
export interface DrainOutcome {
  readonly address: string;
  readonly drained: boolean;
  /** Exchanges that it still has; `null`: it is not drained, or no route has it any more. */
  readonly active: number | null;
  /** Where it is an endpoint, and how many others there may be given exchanges. */
  readonly routes: readonly { readonly id: string; readonly left: number }[];
}

/** Whether a route's only endpoint accepts connections although its service can't start: another process holds the port. */
export function answeredByAnother(service: ServiceStatus, endpoints: readonly EndpointStatus[]): boolean {
  return service.obstacle !== undefined && endpoints.length === 1 && endpoints[0]?.state === 'up';
}

export interface RouteStatus {
  readonly id: string;
  /** As a person would type it: `/db`, `shop.localhost/cart`. */
  readonly label: string;
  readonly host: string | null;
  readonly path: string;
  /** `db.localhost`, where it is too, in development; `null`, or absent: it has no such name. */
  readonly name?: string | null;
  /** Line in the configuration file. */
  readonly line: number;
  /** The container whose labels ask for it, `container web-1`; absent: it stands in the file. */
  readonly origin?: string;
  readonly endpoints: readonly EndpointStatus[];
  /** How one of them is chosen: `round-robin`; `null`, or absent: there is only one. */
  readonly balance?: string | null;
  /** Names that do not resolve now: `db.internal does not resolve (ENOTFOUND)`. */
  readonly problems?: readonly string[];
  /** `null`, or absent: the route has none. */
  readonly breaker?: BreakerStatus | null;
  /** The process behind it, where `services:` names one on the same port. */
  readonly service: ServiceStatus | null;
}

/** Open, nothing of the route gets through; half-open, a few probes. */
export interface BreakerStatus {
  readonly state: 'closed' | 'open' | 'half-open';
  /** `12 of 20 requests failed within 10 s`; `null`: it was never open. */
  readonly reason: string | null;
}

/** A raw port of `streams:`. */
export interface StreamStatus {
  /** `tcp 7000` */
  readonly id: string;
  readonly protocol: 'tcp' | 'udp';
  readonly listen: { readonly host: string; readonly port: number };
  /** Line in the configuration file. */
  readonly line: number;
  /** Why its port is not open; `null`: it is. */
  readonly problem: string | null;
  /** Open now; for UDP, sessions. */
  readonly connections: number;
  /** Connections refused, or datagrams dropped, since the start, because there were too many. */
  readonly refused: number;
  /** For UDP always `unknown`: an unanswered datagram may have arrived. */
  readonly endpoints: readonly EndpointStatus[];
  /** The process behind it, where `services:` names one on the same port. */
  readonly service: ServiceStatus | null;
}

/** A process of `workers:`. */
export interface WorkerStatus {
  readonly pid: number;
  /** `silent`: it did not report in time. `draining`: it accepts no connections and finishes its exchanges. */
  readonly state: 'starting' | 'ready' | 'silent' | 'draining' | 'ended';
  /** When it was started, in milliseconds since the epoch. */
  readonly since: number;
  /** Of clients, open now; `null`: it did not say. */
  readonly connections: number | null;
  /** How many workers died in its place before it. */
  readonly restarts: number;
}

/** The result of a request to replace all workers. */
export interface Replacement {
  readonly replaced: number;
  /** Why not all of them were; `null`: they were. */
  readonly problem: string | null;
}

/** Connections of clients. */
export interface ConnectionsStatus {
  /** Open now on the HTTP port, tunnels among them. */
  readonly http: number;
  /** Those of them that speak HTTP/2. */
  readonly http2: number;
  /** Open now on the raw ports; of UDP, sessions. */
  readonly streams: number;
  /** The bound of HTTP connections: `maxConnections`, or as many as the limit of open files allows. */
  readonly httpMax: number;
  /** Handshakes of TLS that came to nothing, since the start. */
  readonly handshakeFailures: number;
}

/** The cache of a route: its content, and its counters since it was opened. */
export interface CacheStatus {
  /** Id of the route. */
  readonly route: string;
  readonly entries: number;
  /** The weight of the entries, fields included. */
  readonly bytes: number;
  /** Answered without the service. */
  readonly hits: number;
  /** Answered by the service, or after asking it, or after another request did. */
  readonly misses: number;
  /** How many answers to GET were not kept, by the reason that `Cache-Status` names; absent: all were. */
  readonly notKept?: Readonly<Record<string, number>>;
}

/** The outcome of the newest attempt to load the configuration. */
export interface ConfigStatus {
  readonly file: string;
  /** When the configuration that serves now was taken into use. */
  readonly loadedAt: number;
  /** How many times a changed file took effect since the start. */
  readonly reloads: number;
  /** The problems of a newer file that was refused; `null`: the current configuration is the file's. */
  readonly rejected: string | null;
  /** Names the text that serves: replicas with the same one serve the same. */
  readonly version?: string;
  /**
   * Parts that can't be served as written, while the rest is: labels of containers, references that lead nowhere; `null` or absent: none.
   */
  readonly unserved?: string | null;
  /** Of containers that ask for routes; `null`, or absent: none are looked for. */
  readonly discovery?: DiscoveryStatus | null;
}

/** How it goes with `shared:`. */
export interface SharedStatus {
  /** Without a password: `redis://redis:6379`. */
  readonly place: string;
  /** Why it is away, and this replica on its own; `null`: it is there. */
  readonly failure: string | null;
  /** Since when it is so, in milliseconds since the epoch. */
  readonly since: number;
  /** Those that share, this one among them; none while it is away. */
  readonly replicas: readonly ReplicaStatus[];
  /** How many configurations they serve; more than 1: replicas differ. */
  readonly versions: number;
  /** Whose word held how many times when limits were counted: that of all, or of this replica alone. */
  readonly words: { readonly shared: number; readonly local: number };
}

export interface ReplicaStatus {
  readonly host: string;
  /** How many of its processes take requests. */
  readonly workers: number;
  /** As of `ConfigStatus`. */
  readonly version: string;
  /** Whether it is the replica that reports this. */
  readonly own: boolean;
}

/** How it goes with `discover:`. */
interface DiscoveryStatus {
  /** Where containers are asked for: `unix:///var/run/docker.sock`. */
  readonly source: string;
  /** Why the source is unavailable; its last answer is served meanwhile. `null`: it is available. */
  readonly failure: string | null;
  /** How many containers have labels of Portway. */
  readonly containers: number;
}

/** Counters of a route, or a stream, since the start. */
export interface TrafficStatus {
  /** Of the route; `(none)`: no route took them, `(page)`: the gateway's own page. */
  readonly id: string;
  readonly requests: number;
  /** Answered with 5xx, or broken off for another reason than that the client left. */
  readonly failed: number;
  /** Under way. */
  readonly active: number;
  readonly tunnels: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** When the last one was over, in milliseconds since the epoch; `null`: there was none. */
  readonly lastAt: number | null;
  /** The count of each bucket up to its bound in `boundsS` (not cumulative); the last is for all longer durations. */
  readonly buckets: readonly number[];
  readonly sumS: number;
}

export interface TrafficFigure {
  readonly boundsS: readonly number[];
  readonly routes: readonly TrafficStatus[];
}

/** A route with its state and counters. */
export interface RouteOverview extends RouteStatus {
  readonly lane: { readonly lane: 'wire' | 'general'; readonly why: string };
  /** The policies that its configuration asks for: `rateLimit`, `cors`, `cache`. */
  readonly policies: readonly string[];
  /** `null`: it had no traffic yet. */
  readonly traffic: TrafficStatus | null;
}

/** The state of the gateway at one instant, for the dashboard. */
export interface GatewayStatus {
  readonly at: number;
  /** Why it takes no new requests; `null`: it does. */
  readonly notReady: string | null;
  readonly mode: 'development' | 'production';
  /** Where clients reach it from this machine: `http://localhost:3000`. */
  readonly origin: string;
  readonly config: ConfigStatus;
  readonly routes: readonly RouteOverview[];
  readonly streams: readonly StreamStatus[];
  readonly connections: ConnectionsStatus;
  /** Those that the gateway orders: `tls.acme`. */
  readonly certificates: readonly OrderedCertificateStatus[];
  /** The state of the Redis of `shared:`; `null`: there is none. */
  readonly shared: SharedStatus | null;
  /** Requests that no route took. */
  readonly unrouted: TrafficStatus | null;
  /** As of `TrafficFigure`. */
  readonly boundsS: readonly number[];
  /** The share of new requests that is refused for overload now, 0 to 1. */
  readonly refusedShare: number;
  /** The capture of bodies that is running; `null`: none. */
  readonly capture: Capture | null;
}

/** A name of `tls.acme`. Instants are milliseconds since the epoch. */
export interface OrderedCertificateStatus {
  readonly name: string;
  /** URL of the directory. */
  readonly directory: string;
  /** `missing`: a stand-in is shown. */
  readonly state: 'valid' | 'ordering' | 'missing' | 'expired';
  readonly expiresAt: number | null;
  /** When the next order is due; `null`: it is under way. */
  readonly nextTryAt: number | null;
  /** One after the other; 0 once there is a certificate. */
  readonly failures: number;
  /** Of the last order, where it failed. */
  readonly error: { readonly type: string; readonly detail: string; readonly at: number } | null;
}
