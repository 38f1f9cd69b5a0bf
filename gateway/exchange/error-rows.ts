/**
 * Whether sending the same request again is safe:
 * - `always`: nothing of the request reached a service.
 * - `idempotent`: the service may have seen it, so only an idempotent request may be sent again (RFC 9110 §9.2.2).
 * - `never`: the answer would be the same, or part of it has been delivered already.
 */
type RetrySafety = 'always' | 'idempotent' | 'never';

export interface ErrorRow {
  readonly status: number;
  /** Error type of `Proxy-Status` (RFC 9209 §2.3). */
  readonly type: string;
  readonly blame: 'client' | 'gateway' | 'service';
  readonly retry: RetrySafety;
  /** For the client: no address, no library's words. */
  readonly title: string;
  readonly detail: string;
  /** What the operator should do. */
  readonly remedy: string;
  /** Seconds for `Retry-After`. */
  readonly retryAfter?: number;
}

/** One row per error. The answer, `Proxy-Status` and docs/errors.md follow from it. */
export const rows = {
  bad_target: {
    ...facts(400, 'http_request_error', 'client', 'never'),
    title: 'Malformed request target',
    detail: 'The path of the request is not one that can be carried unambiguously.',
    remedy:
      'Send the path in its plain form: no dot segments, no backslashes, every other byte percent-encoded.',
  },
  bad_request: {
    ...facts(400, 'http_request_error', 'client', 'never'),
    title: 'Malformed request',
    detail: 'The request is not valid HTTP/1.1, or its length is ambiguous.',
    remedy:
      'Look at the exact bytes that the client sends (RFC 9112); the log line says where reading stopped.',
  },
  bad_host: {
    ...facts(400, 'http_request_error', 'client', 'never'),
    title: 'Missing, repeated or invalid Host',
    detail: 'A request names the host that it is for exactly once.',
    remedy: 'Send one Host field with a host name and, where it is not the default, a port (RFC 9112 §3.2).',
  },
  address_refused: {
    ...facts(403, 'http_request_denied', 'client', 'never'),
    title: 'Not allowed from this address',
    detail: 'This route does not take requests from the address that the request came from.',
    remedy:
      'Look at `allow` and `deny` of the route; the log line says which entry decided. Where another proxy stands before the gateway, name it in `trustProxy`, or its own address is what counts.',
  },
  rate_limited: {
    ...facts(429, 'http_request_denied', 'client', 'always'),
    title: 'Too many requests',
    detail: 'More requests came than this route takes in a time.',
    remedy:
      'Wait as long as `Retry-After` says. The log line says which limit it was: `rateLimit:` of the route, or of the top level. Where another proxy stands before the gateway, name it in `trustProxy`, or all its clients are counted as one.',
  },
  too_many_at_once: {
    ...facts(429, 'http_request_denied', 'client', 'always'),
    retryAfter: 1,
    title: 'Too many requests at once',
    detail: 'As many requests are under way as this route takes from one client.',
    remedy:
      'Wait until some have ended. The log line says which limit it was: `concurrent:` of the route, or of the top level. Where another proxy stands before the gateway, name it in `trustProxy`, or all its clients are counted as one.',
  },
  unauthenticated: {
    ...facts(401, 'http_request_denied', 'client', 'never'),
    title: 'Who asks?',
    detail: 'This route is for those who say who they are, and what was sent does not say it.',
    remedy:
      'Send what `WWW-Authenticate` asks for. The log line says what was missing or wrong; `auth:` of the route says who may pass.',
  },
  forbidden: {
    ...facts(403, 'http_request_denied', 'client', 'never'),
    title: 'Not allowed',
    detail: 'It is known who asks, and that is not enough for this route.',
    remedy:
      'Ask for what is missing where the proof was issued; the log line says what it is. `auth:` of the route says what is demanded.',
  },
  auth_busy: {
    ...facts(503, 'proxy_internal_response', 'gateway', 'always'),
    title: 'Too many logins at once',
    detail: 'More passwords are to be checked than this gateway checks at once.',
    remedy:
      'Somebody guesses passwords: limit the rate of requests by address. Who is logged in already is not touched.',
    retryAfter: 1,
  },
  origin_refused: {
    ...facts(403, 'http_request_denied', 'client', 'never'),
    title: 'Not allowed from this origin',
    detail: 'This route does not take requests from pages of the origin that the request names.',
    remedy:
      'Add the origin to `cors` of the route, if its pages are yours; the log line says which one it was.',
  },
  auth_unavailable: {
    ...facts(503, 'destination_unavailable', 'gateway', 'always'),
    title: 'Logins cannot be checked',
    detail: 'What says whether the request may pass cannot be reached.',
    remedy:
      'See the log line with this request id, and whether the service below `auth:` of the route answers.',
    retryAfter: 5,
  },
  no_route: {
    ...facts(404, 'destination_not_found', 'client', 'never'),
    title: 'No such route',
    detail: 'No route of this gateway takes this path.',
    remedy:
      'Add the path under `routes:` in the configuration; `portway explain URL` tells why none matches.',
  },
  no_file: {
    ...facts(404, 'destination_not_found', 'client', 'never'),
    title: 'No such file',
    detail: 'There is no file at this path.',
    remedy:
      'The log line with this request id says what stands in the way: no file, a hidden one, a symbolic link that leaves the folder, or no right to read it.',
  },
  read_only: {
    ...facts(405, 'http_request_error', 'client', 'never'),
    title: 'Only to be read',
    detail: 'Files of a folder can be read by GET and HEAD, and not be changed.',
    remedy:
      'Route the path to a service if something shall be sent there; `when: { methods: POST }` parts it from the folder.',
  },
  file_timeout: {
    ...facts(504, 'http_response_timeout', 'gateway', 'idempotent'),
    title: 'The file took too long',
    detail: 'The disk did not give the file in time.',
    remedy:
      'Look at the disk, or the network drive; where clients read slowly, 1,024 files are open at once and others wait.',
  },
  method_refused: {
    ...facts(405, 'http_request_error', 'client', 'never'),
    title: 'Method not carried',
    detail: 'CONNECT and TRACE are not carried by this gateway.',
    remedy:
      'Use another method; Portway is no forward proxy, and TRACE would show what other fields a client sent.',
  },
  head_timeout: {
    ...facts(408, 'http_request_error', 'client', 'always'),
    title: 'Request too slow',
    detail: 'The head of the request did not arrive in time.',
    remedy: 'A client that is this slow is broken or hostile; the limit is 10 s.',
  },
  body_timeout: {
    ...facts(408, 'http_request_error', 'client', 'idempotent'),
    title: 'Request body too slow',
    detail: 'The body of the request stopped arriving.',
    remedy: 'Raise `timeouts.idle` of the route if clients really pause that long.',
  },
  body_too_large: {
    ...facts(413, 'http_request_error', 'client', 'never'),
    title: 'Request body too large',
    detail: 'The body of the request is larger than this route takes.',
    remedy: 'Raise `bodyMax` of the route, or send less.',
  },
  target_too_long: {
    ...facts(414, 'http_request_error', 'client', 'never'),
    title: 'Request target too long',
    detail: 'The path and query are longer than 8 KiB.',
    remedy: 'Put long input into the body.',
  },
  coding_refused: {
    ...facts(501, 'http_request_error', 'client', 'never'),
    title: 'Unknown transfer coding',
    detail: 'The only transfer coding that is understood is chunked, once.',
    remedy: 'Send the body chunked or with a Content-Length (RFC 9112 §6.1, §6.3).',
  },
  method_unknown: {
    ...facts(501, 'http_request_error', 'client', 'never'),
    title: 'Method not known here',
    detail:
      "This method is carried on plain routes alone, and not together with what Node's own parser is needed for.",
    remedy:
      'Send it in origin-form as HTTP/1.1 without Upgrade, to a route that is neither extended nor of `lane: general`.',
  },
  upgrade_refused: {
    ...facts(501, 'http_upgrade_failed', 'gateway', 'never'),
    title: 'No WebSocket on this route',
    detail: 'This route can not be upgraded to another protocol.',
    remedy:
      'A folder takes none, and over HTTP/2 no route that answers by itself with 2xx: give the WebSocket a longer path, and a route of its own.',
  },
  version_refused: {
    ...facts(505, 'http_request_error', 'client', 'never'),
    title: 'HTTP version not supported',
    detail: 'This port speaks HTTP/1.1 and HTTP/1.0.',
    remedy: 'Send the request as HTTP/1.1.',
  },
  tls_expected: {
    ...facts(400, 'http_request_error', 'client', 'never'),
    title: 'Only https is answered here',
    detail: 'The request came as plain HTTP, which is not answered here.',
    remedy:
      'Ask by https://, or at the port for plain HTTP: there is none where `clientCertificates` are required.',
  },
  expectation_failed: {
    ...facts(417, 'http_request_error', 'client', 'never'),
    title: 'Unknown expectation',
    detail: 'The only expectation that is understood is 100-continue.',
    remedy: 'Leave the Expect field out (RFC 9110 §10.1.1).',
  },
  host_refused: {
    ...facts(421, 'http_request_denied', 'client', 'never'),
    title: 'Host not served',
    detail: 'This gateway does not serve the host that the request is for.',
    remedy:
      'Write the host below `allowedHosts:` in the configuration, if it is yours; in development, only addresses, `localhost`, names below it and hosts of routes are served without that.',
  },
  head_too_large: {
    ...facts(431, 'http_request_error', 'client', 'never'),
    title: 'Request head too large',
    detail: 'The header fields are larger than 16 KiB or more than 100.',
    remedy: 'Clear large cookies; send fewer or shorter fields.',
  },
  client_left: {
    ...facts(499, 'http_request_error', 'client', 'never'),
    title: 'The client left',
    detail: 'The client closed its connection before the answer was complete.',
    remedy: 'Nothing, unless it happens often: then the service is slower than its clients are patient.',
  },
  extension_failed: {
    ...facts(500, 'proxy_internal_error', 'gateway', 'never'),
    title: 'The gateway failed',
    detail: 'Code that extends this route failed.',
    remedy: 'See the log line with this request id: the module named by `extend:` threw.',
  },
  extension_timeout: {
    ...facts(504, 'http_response_timeout', 'gateway', 'idempotent'),
    title: 'The gateway took too long',
    detail: 'Code that extends this route did not come to an end in time.',
    remedy:
      'Look at the hooks of the module named by `extend:`: one calls no `done`, sends no answer, or waits for what never settles. `timeouts.response` is what they have.',
  },
  policy_timeout: {
    ...facts(504, 'http_response_timeout', 'gateway', 'always'),
    title: 'The gateway took too long',
    detail: 'What decides whether the request may pass did not come to an end in time.',
    remedy:
      'See the log line with this request id: it names the policy. What the policy waits for is slow or down; `timeouts.response` is what it has.',
  },
  internal: {
    ...facts(500, 'proxy_internal_error', 'gateway', 'never'),
    title: 'The gateway failed',
    detail: 'An unexpected error inside the gateway.',
    remedy: 'See the log line with this request id, and report it: this is a bug of Portway.',
  },
  connection_refused: {
    ...facts(502, 'connection_refused', 'service', 'always'),
    title: 'The service is not running',
    detail: 'Nothing accepts connections where this route leads.',
    remedy: 'Start the service, or correct the port in the configuration.',
  },
  destination_unroutable: {
    ...facts(502, 'destination_ip_unroutable', 'service', 'always'),
    title: 'The service is unreachable',
    detail: 'No way leads to where this route points.',
    remedy: 'Check the address of the route and the network between.',
  },
  dns_error: {
    ...facts(502, 'dns_error', 'service', 'always'),
    title: 'The name of the service does not resolve',
    detail: 'The name of the host where this route leads is not known.',
    remedy: 'Correct the name in `to:` or GATEWAY_HOSTS, or the name server.',
  },
  tls_error: {
    ...facts(502, 'tls_protocol_error', 'service', 'always'),
    title: 'No secure connection to the service',
    detail: 'The TLS handshake with the service failed.',
    remedy: 'Check its certificate, its name, and that it speaks TLS on this port.',
  },
  certificate_refused: {
    ...facts(502, 'tls_certificate_error', 'service', 'always'),
    title: 'The service could not prove who it is',
    detail: 'The certificate of the service was refused, and nothing was sent to it.',
    remedy:
      'The log line says which certificate, and why: renew it, name its authority with `tls: { ca: FILE }` of the route, or the name that it is for with `serverName`.',
  },
  stream_refused: {
    ...facts(503, 'destination_unavailable', 'service', 'always'),
    title: 'The service takes no more requests for now',
    detail: 'The service refused the request before it did anything with it.',
    remedy:
      'It stops, or has as many requests at once as it allows (HTTP/2: GOAWAY, REFUSED_STREAM): send it again.',
    retryAfter: 1,
  },
  connection_terminated: {
    ...facts(502, 'connection_terminated', 'service', 'idempotent'),
    title: 'The service hung up',
    detail: 'The service closed the connection before it answered.',
    remedy: 'Look into the log of the service: it crashed, or it closes idle connections too early.',
  },
  bad_answer: {
    ...facts(502, 'http_protocol_error', 'service', 'never'),
    title: 'The service answered garbage',
    detail: 'The answer of the service is not valid HTTP/1.1.',
    remedy: 'Check that the port belongs to an HTTP service; the log line says what was wrong.',
  },
  answer_truncated: {
    ...facts(502, 'http_response_incomplete', 'service', 'never'),
    title: 'The answer broke off',
    detail: 'The service closed the connection in the middle of its answer.',
    remedy: 'Look into the log of the service: it crashed while answering.',
  },
  no_endpoint: {
    ...facts(503, 'destination_unavailable', 'service', 'always'),
    title: 'No service available',
    detail: 'None of the endpoints of this route can be used now.',
    remedy:
      'See the states of the endpoints on the admin listener (/routes); `portway admit ADDRESS` takes a drained one back.',
    retryAfter: 5,
  },
  queue_full: {
    ...facts(503, 'connection_limit_reached', 'service', 'always'),
    title: 'The service is busy',
    detail: 'All connections to the service are in use and the queue is full.',
    remedy: 'Add endpoints to the route, make the service faster, or raise `limits.waiting`.',
    retryAfter: 1,
  },
  queue_timeout: {
    ...facts(503, 'connection_limit_reached', 'service', 'always'),
    title: 'The service is busy',
    detail: 'No connection to the service became free in time.',
    remedy:
      'Add endpoints to the route, make the service faster, or raise `limits.connections` or `limits.wait`.',
    retryAfter: 1,
  },
  breaker_open: {
    ...facts(503, 'destination_unavailable', 'service', 'always'),
    title: 'The service is given a rest',
    detail: 'Too many requests to the service failed, so that it is not asked for some seconds.',
    remedy:
      'See on the admin listener (/routes) why its breaker opened, and mend the service; `breaker:` sets the bounds.',
    retryAfter: 1,
  },
  drained: {
    ...facts(503, 'destination_unavailable', 'gateway', 'idempotent'),
    title: 'The gateway is changing',
    detail: 'The gateway is being stopped, or this route was changed; a new connection will do.',
    remedy: 'Nothing: clients of event streams and WebSockets connect again.',
    retryAfter: 1,
  },
  too_many_connections: {
    ...facts(503, 'connection_limit_reached', 'gateway', 'always'),
    title: 'Too many connections',
    detail: 'This gateway holds as many client connections as it may.',
    remedy: 'Raise `maxConnections`, or run another replica.',
    retryAfter: 1,
  },
  overloaded: {
    ...facts(503, 'proxy_internal_response', 'gateway', 'always'),
    title: 'The gateway is overloaded',
    detail:
      'This gateway has more to do than it can, and answers some requests later to answer the others now.',
    remedy:
      'Run more `workers` or another replica; the admin listener (/overload) shows how late the event loop is, and `overload:` sets the bounds.',
    retryAfter: 1,
  },
  out_of_descriptors: {
    ...facts(503, 'proxy_internal_error', 'gateway', 'always'),
    title: 'The gateway is at its limit',
    detail: 'This gateway holds as many connections as its system lets it.',
    remedy:
      'Raise the limit of open files (`ulimit -n`, `LimitNOFILE=` of systemd, `nofile` of the container): an exchange takes two.',
    retryAfter: 1,
  },
  connection_timeout: {
    ...facts(504, 'connection_timeout', 'service', 'always'),
    title: 'The service could not be reached in time',
    detail: 'No connection to the service came about in time.',
    remedy: 'Check that the host is up and no firewall swallows packets; `timeouts.connect` sets the limit.',
  },
  response_timeout: {
    ...facts(504, 'http_response_timeout', 'service', 'never'),
    title: 'The service did not answer in time',
    detail: 'The service took the request and sent no answer in time.',
    remedy: 'Find out what the service is busy with; `timeouts.response` sets the limit.',
  },
  idle_timeout: {
    ...facts(504, 'connection_read_timeout', 'service', 'never'),
    title: 'The answer stopped',
    detail: 'The service stopped in the middle of its answer.',
    remedy: 'Raise `timeouts.idle` of the route if the service really pauses that long.',
  },
  reader_timeout: {
    ...facts(504, 'connection_write_timeout', 'client', 'never'),
    title: 'The client stopped reading',
    detail: 'The client took nothing of the answer for too long.',
    remedy: 'Raise `timeouts.idle` of the route if clients really pause that long.',
  },
  loop: {
    ...facts(508, 'proxy_loop_detected', 'gateway', 'never'),
    title: 'Loop detected',
    detail: 'The request has passed this gateway before.',
    remedy: 'A route leads back to the gateway itself: correct its `to:`, or the proxy behind it.',
  },
} as const satisfies Record<string, ErrorRow>;

/** The machine-readable half of a row. */
function facts(
  status: number,
  type: string,
  blame: ErrorRow['blame'],
  retry: RetrySafety,
): Pick<ErrorRow, 'status' | 'type' | 'blame' | 'retry'> {
  return { status, type, blame, retry };
}
