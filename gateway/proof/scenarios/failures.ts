import { startDeafPort } from '../testing/deaf-port.ts';
import { freePort } from '../testing/free-port.ts';
import { get, request } from '../testing/raw-client.ts';
import { type Script, startService } from '../testing/service.ts';

const serviceThat = async (script: Script) => (await startService()).answer(script).port;

/** One way to fail, and what must come of it. */
export interface Failure {
  readonly what: string;
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly to: () => Promise<number | string>;
  readonly keys?: string[];
  /** A line of the top level. */
  readonly top?: string;
  readonly request?: string;
}

/** One row: where nothing else is said, nobody listens. */
function failure(
  what: string,
  status: number,
  type: string,
  code: string,
  more: Partial<Failure> = {},
): Failure {
  return { what, status, type, code, to: freePort, ...more };
}

export const failures: readonly Failure[] = [
  failure('no such route', 404, 'destination_not_found', 'no_route', { request: get('/nowhere') }),
  failure('a malformed target', 400, 'http_request_error', 'bad_target', { request: get('/db/%zz') }),
  failure('a method that is not carried', 405, 'http_request_error', 'method_refused', {
    request: request('TRACE', '/db/'),
  }),
  failure('a host that is not served', 421, 'http_request_denied', 'host_refused', {
    top: 'allowedHosts: mine.test',
    request: get('/db/', 'Host: other.test'),
  }),
  failure('nothing listens', 502, 'connection_refused', 'connection_refused'),
  failure('no route to the host', 502, 'destination_ip_unroutable', 'destination_unroutable', {
    to: async () => '"http://255.255.255.255:9"',
  }),
  failure('the name does not resolve', 502, 'dns_error', 'dns_error', {
    to: async () => '"http://nowhere.invalid:9"',
    keys: ['timeouts: { connect: 30s }'],
  }),
  failure('the service closes before an answer', 502, 'connection_terminated', 'connection_terminated', {
    to: () =>
      serviceThat((_request, connection) => {
        connection.fin();
        return undefined;
      }),
  }),
  failure('the service resets before an answer', 502, 'connection_terminated', 'connection_terminated', {
    to: () =>
      serviceThat((_request, connection) => {
        connection.reset();
        return undefined;
      }),
  }),
  failure('the service closes inside the head', 502, 'connection_terminated', 'connection_terminated', {
    to: () =>
      serviceThat(async (_request, connection) => {
        await connection.send('HTTP/1.1 200 OK\r\nX-Half: ');
        connection.fin();
        return undefined;
      }),
  }),
  failure('no connection in time', 504, 'connection_timeout', 'connection_timeout', {
    to: startDeafPort,
    keys: ['timeouts: { connect: 150ms }'],
  }),
  failure('no answer in time', 504, 'http_response_timeout', 'response_timeout', {
    to: () => serviceThat(() => undefined),
    keys: ['timeouts: { response: 150ms }'],
  }),
  failure('an answer that is not HTTP', 502, 'http_protocol_error', 'bad_answer', {
    to: () => serviceThat(() => '+PONG\r\n\r\n'),
  }),
  failure('a body that is too large', 413, 'http_request_error', 'body_too_large', {
    keys: ['bodyMax: 1KiB'],
    request: request('POST', '/db/', [], 'x'.repeat(1_025)),
  }),
  failure('too long a target', 414, 'http_request_error', 'target_too_long', {
    request: get(`/db/${'x'.repeat(8_192)}`),
  }),
  failure('too large a head', 431, 'http_request_error', 'head_too_large', {
    request: get('/db/', `X-Large: ${'x'.repeat(17_000)}`),
  }),
  failure('too many fields', 431, 'http_request_error', 'head_too_large', {
    request: get('/db/', ...Array.from({ length: 101 }, (_, i) => `X-${i}: 1`)),
  }),
  failure('an unknown expectation', 417, 'http_request_error', 'expectation_failed', {
    request: request('POST', '/db/', ['Expect: the best'], 'x'),
  }),
  failure('a request that is not HTTP', 400, 'http_request_error', 'bad_request', {
    request: 'GET /db/ HTTP/1.1\r\nHost: a\r\nNo colon here\r\n\r\n',
  }),
  failure('no host', 400, 'http_request_error', 'bad_host', { request: 'GET /db/ HTTP/1.1\r\n\r\n' }),
];
