/**
 * Every metric of `GET /metrics`: one table for the text that Prometheus reads and for the table of docs/metrics.md. Names follow
 * OpenTelemetry's semantic conventions, as Prometheus writes them, wherever there is one.
 */

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly Label[];
  /** How the values of several workers become one. */
  readonly across: 'sum' | 'min' | 'max';
  readonly help: string;
}

/** Each has few values: configured names, or a closed list. */
export type Label =
  | 'http_route'
  | 'http_request_method'
  | 'http_response_status_code'
  | 'error_type'
  | 'endpoint'
  | 'lane'
  | 'state'
  | 'direction'
  | 'result'
  | 'sign'
  | 'policy'
  | 'name'
  | 'mode';

/** The description of each label. */
export const LABELS: Readonly<Record<Label, string>> = {
  http_route:
    'Id of the route as configured, or of the stream (`tcp 7000`). `(none)`: no route took it. `(page)`: the gateway’s own page.',
  http_request_method: 'A method that OpenTelemetry knows; all others are `_OTHER`.',
  http_response_status_code:
    'What the client got, 499 for one that left; absent: there was none. A status that nobody registered counts as the first of its class (RFC 9110 §15).',
  error_type: 'Code of [errors.md](errors.md); absent: the service answered, and the answer arrived.',
  endpoint: 'As the configuration names it, never an address that a name was resolved to.',
  lane: '`wire` or `general`: which implementation carried it.',
  state: '`idle` or `busy`.',
  direction: '`receive`: from the client. `transmit`: to it.',
  result:
    '`hit` or `miss`; of reloads `accepted` or `refused`; of orders `issued` or `failed`; of counts `shared` or `local`.',
  policy: 'Its name in [configuration.md](configuration.md#policies).',
  sign: '`referer` or `cookie`: how the page became known.',
  name: 'A host of `tls.acme`.',
  mode: '`user` or `system`.',
};

const EXCHANGE: readonly Label[] = [
  'http_route',
  'http_request_method',
  'http_response_status_code',
  'error_type',
  'lane',
];

export const METRICS = {
  http_server_request_duration_seconds: histogram(
    EXCHANGE,
    'From the head of a request to the last byte of its answer; of a tunnel to the 101.',
  ),
  http_server_active_requests: gauge(['http_route'], 'sum', 'Requests under way, without open tunnels.'),
  http_server_open_connections: gauge(
    [],
    'sum',
    'Connections of clients to the HTTP port, tunnels among them.',
  ),
  portway_http2_open_connections: gauge([], 'sum', 'Those of them that speak HTTP/2.'),
  portway_http2_closings_total: counter(
    ['error_type'],
    'Connections of HTTP/2 that were closed for what their clients sent: `flood`, frames beside messages without an end, or `protocol`, what is no HTTP/2.',
  ),
  portway_tls_handshake_failures_total: counter(
    [],
    'Connections of clients that began with TLS and did not come to speak it.',
  ),
  http_server_request_body_bytes_total: counter(
    ['http_route'],
    'Bytes of request bodies, counted when the exchange is over.',
  ),
  http_server_response_body_bytes_total: counter(
    ['http_route'],
    'Bytes of answers’ bodies, counted when the exchange is over.',
  ),
  portway_tunnels_open: gauge(['http_route'], 'sum', 'Upgraded connections (WebSocket) that are open.'),
  portway_tunnel_bytes_total: counter(
    ['http_route', 'direction'],
    'Bytes through tunnels, counted when they close.',
  ),
  http_client_request_duration_seconds: histogram(
    ['http_route', 'endpoint', 'http_request_method', 'http_response_status_code', 'error_type', 'lane'],
    'One attempt at an endpoint: from its choice to the head of its answer, or its failure.',
  ),
  http_client_open_connections: gauge(
    ['endpoint', 'state'],
    'sum',
    'Connections to services, without tunnels and streams.',
  ),
  portway_retries_total: counter(
    ['http_route', 'endpoint'],
    'Attempts that were not the first of their exchange.',
  ),
  portway_ejections_total: counter(
    ['http_route', 'endpoint'],
    'Times that an endpoint was left out for what it did, as each route that has it saw it.',
  ),
  portway_endpoint_addresses: gauge(
    ['http_route', 'endpoint'],
    'max',
    'Addresses that an endpoint stands for: 1, or as many as its name resolves to.',
  ),
  portway_endpoint_available: gauge(
    ['http_route', 'endpoint'],
    'min',
    'How many of those may be given requests: neither unhealthy, ejected nor drained. 0: down.',
  ),
  portway_endpoint_drained: gauge(
    ['http_route', 'endpoint'],
    'max',
    'How many of those an operator has drained, so that they get no new requests.',
  ),
  portway_breaker_state: gauge(
    ['http_route'],
    'max',
    '0: closed, traffic flows. 1: half-open, a few probes. 2: open, nothing gets through.',
  ),
  portway_queue_waiting: gauge(['endpoint'], 'sum', 'Exchanges that wait for a connection.'),
  portway_cache_requests_total: counter(
    ['http_route', 'result'],
    'Requests of cached routes: answered without the service, or not.',
  ),
  portway_escapes_total: counter(
    ['http_route', 'sign'],
    'Requests that pages of the route sent outside its prefix, and that were led back ([escape.md](escape.md)).',
  ),
  portway_policy_answers_total: counter(
    ['http_route', 'policy'],
    'Requests that a policy, or `hooks` of the route, answered or refused in place of the service.',
  ),
  portway_mirror_requests_total: counter(
    ['http_route', 'result'],
    'Copies of requests by what became of them: `answered`, `failed`, `too_large` (the body), `skipped` (too many under way) ([mirror.md](mirror.md)).',
  ),
  portway_compared_requests_total: counter(
    ['http_route', 'result'],
    'Requests that a second service answered, too: `same`, `different`, `failed` (one of both did not answer), `skipped` (too many at once) ([compare.md](compare.md)).',
  ),
  portway_cache_entries: gauge(['http_route'], 'sum', 'Answers that the cache holds.'),
  portway_cache_bytes: gauge(['http_route'], 'sum', 'What they weigh, with their fields.'),
  portway_stream_connections: gauge(
    ['http_route'],
    'sum',
    'Raw connections that are open; of UDP, sessions.',
  ),
  portway_stream_connections_total: counter(
    ['http_route', 'error_type'],
    'Raw connections, or sessions, that are over.',
  ),
  portway_stream_refused_total: counter(
    ['http_route'],
    'Raw connections refused, or datagrams dropped, because `maxConnections` was reached.',
  ),
  portway_stream_bytes_total: counter(
    ['http_route', 'direction'],
    'Bytes through raw streams, counted when a connection closes.',
  ),
  portway_overload_refused_total: counter(
    [],
    'Requests refused because the gateway was overloaded; no exchanges.',
  ),
  portway_overload_share: gauge([], 'max', 'Share of new requests that is refused now, 0 to 1.'),
  portway_config_reloads_total: counter(
    ['result'],
    'Changed configurations that took effect, or were refused.',
  ),
  portway_config_last_reload_timestamp_seconds: gauge(
    [],
    'max',
    'When the configuration that serves took effect.',
  ),
  portway_config_rejected: gauge(
    [],
    'max',
    '1: the file says something else than is served, and can’t be used.',
  ),
  portway_acme_certificate_expires_timestamp_seconds: gauge(
    ['name'],
    'min',
    'When the certificate that was ordered ends; 0: there is none yet.',
  ),
  portway_acme_failures: gauge(['name'], 'max', 'Orders that failed one after the other; 0: all is well.'),
  portway_acme_orders_total: counter(['result'], 'Certificates that were ordered.'),
  portway_shared_up: gauge([], 'min', '0: the Redis of `shared:` is away, and this gateway on its own.'),
  portway_shared_replicas: gauge([], 'max', 'Gateways that share by it; 0 while it is away.'),
  portway_shared_config_versions: gauge(
    [],
    'max',
    'How many configurations they serve; above 1, they differ.',
  ),
  portway_shared_counts_total: counter(
    ['result'],
    'Batches of counts of rate limits, by whose word held: that of all, or of this gateway alone.',
  ),
  portway_workers: gauge([], 'sum', 'Processes that take connections; 0 without `workers:`.'),
  portway_worker_deaths_total: counter([], 'Workers that ended without being asked to.'),
  nodejs_eventloop_delay_p50_seconds: gauge(
    [],
    'max',
    'How late the event loop was, half of the looks since the last scrape.',
  ),
  nodejs_eventloop_delay_p99_seconds: gauge([], 'max', 'The same, all but the worst hundredth.'),
  nodejs_eventloop_delay_max_seconds: gauge([], 'max', 'The same, the worst.'),
  process_cpu_seconds_total: counter(['mode'], 'Time of the processor, of all processes.'),
  process_resident_memory_bytes: gauge([], 'sum', 'Memory; pages that workers share are counted for each.'),
  nodejs_heap_total_bytes: gauge([], 'sum', 'Heap of JavaScript.'),
  nodejs_heap_used_bytes: gauge([], 'sum', 'What of it is in use.'),
  process_open_fds: gauge([], 'sum', 'Open file descriptors (Linux).'),
  process_start_time_seconds: gauge([], 'min', 'When the gateway was started, since the epoch.'),
} satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof METRICS;

function counter(labels: readonly Label[], help: string): MetricRow {
  return { type: 'counter', labels, across: 'sum', help };
}

function gauge(labels: readonly Label[], across: MetricRow['across'], help: string): MetricRow {
  return { type: 'gauge', labels, across, help };
}

function histogram(labels: readonly Label[], help: string): MetricRow {
  return { type: 'histogram', labels, across: 'sum', help };
}
