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

export const failures: readonly Failure[] = [
  {
    what: 'no such route',
    status: 404,
    type: 'destination_not_found',
    code: 'no_route',
    to: freePort,
    request: get('/nowhere'),
  },
  {
    what: 'a malformed target',
    status: 400,
    type: 'http_request_error',
    code: 'bad_target',
    to: freePort,
    request: get('/db/%zz'),
  },
  {
    what: 'a method that is not carried',
    status: 405,
    type: 'http_request_error',
    code: 'method_refused',
    to: freePort,
    request: request('TRACE', '/db/'),
  },
  {
    what: 'a host that is not served',
    status: 421,
    type: 'http_request_denied',
    code: 'host_refused',
    to: freePort,
    top: 'allowedHosts: mine.test',
    request: get('/db/', 'Host: other.test'),
  },
  {
    what: 'nothing listens',
    status: 502,
    type: 'connection_refused',
    code: 'connection_refused',
    to: freePort,
  },
  {
    what: 'no route to the host',
    status: 502,
    type: 'destination_ip_unroutable',
    code: 'destination_unroutable',
    to: async () => '"http://255.255.255.255:9"',
  },
  {
    what: 'the name does not resolve',
    status: 502,
    type: 'dns_error',
    code: 'dns_error',
    to: async () => '"http://nowhere.invalid:9"',
    keys: ['timeouts: { connect: 30s }'],
  },
  {
    what: 'the service closes before an answer',
    status: 502,
    type: 'connection_terminated',
    code: 'connection_terminated',
    to: () =>
      serviceThat((_request, connection) => {
        connection.fin();
        return undefined;
      }),
  },
  {
    what: 'the service resets before an answer',
    status: 502,
    type: 'connection_terminated',
    code: 'connection_terminated',
    to: () =>
      serviceThat((_request, connection) => {
        connection.reset();
        return undefined;
      }),
  },
  {
    what: 'the service closes inside the head',
    status: 502,
    type: 'connection_terminated',
    code: 'connection_terminated',
    to: () =>
      serviceThat(async (_request, connection) => {
        await connection.send('HTTP/1.1 200 OK\r\nX-Half: ');
        connection.fin();
        return undefined;
      }),
  },
  {
    what: 'no connection in time',
    status: 504,
    type: 'connection_timeout',
    code: 'connection_timeout',
    to: startDeafPort,
    keys: ['timeouts: { connect: 150ms }'],
  },
  {
    what: 'no answer in time',
    status: 504,
    type: 'http_response_timeout',
    code: 'response_timeout',
    to: () => serviceThat(() => undefined),
    keys: ['timeouts: { response: 150ms }'],
  },
  {
    what: 'an answer that is not HTTP',
    status: 502,
    type: 'http_protocol_error',
    code: 'bad_answer',
    to: () => serviceThat(() => '+PONG\r\n\r\n'),
  },
  {
    what: 'a body that is too large',
    status: 413,
    type: 'http_request_error',
    code: 'body_too_large',
    to: freePort,
    keys: ['bodyMax: 1KiB'],
    request: request('POST', '/db/', [], 'x'.repeat(1_025)),
  },
  {
    what: 'too long a target',
    status: 414,
    type: 'http_request_error',
    code: 'target_too_long',
    to: freePort,
    request: get(`/db/${'x'.repeat(8_192)}`),
  },
  {
    what: 'too large a head',
    status: 431,
    type: 'http_request_error',
    code: 'head_too_large',
    to: freePort,
    request: get('/db/', `X-Large: ${'x'.repeat(17_000)}`),
  },
  {
    what: 'too many fields',
    status: 431,
    type: 'http_request_error',
    code: 'head_too_large',
    to: freePort,
    request: get('/db/', ...Array.from({ length: 101 }, (_, i) => `X-${i}: 1`)),
  },
  {
    what: 'an unknown expectation',
    status: 417,
    type: 'http_request_error',
    code: 'expectation_failed',
    to: freePort,
    request: request('POST', '/db/', ['Expect: the best'], 'x'),
  },
  {
    what: 'a request that is not HTTP',
    status: 400,
    type: 'http_request_error',
    code: 'bad_request',
    to: freePort,
    request: 'GET /db/ HTTP/1.1\r\nHost: a\r\nNo colon here\r\n\r\n',
  },
  {
    what: 'no host',
    status: 400,
    type: 'http_request_error',
    code: 'bad_host',
    to: freePort,
    request: 'GET /db/ HTTP/1.1\r\n\r\n',
  },
];
