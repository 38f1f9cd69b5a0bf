import { errors } from 'undici';
import { describe, expect, test } from 'vitest';
import { type ErrorCode, GatewayError } from './error-catalog.ts';
import { isReset, type Phase, rescue } from './rescue.ts';

const coded = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('what a failure means', () => {
  test.each<[unknown, Phase, ErrorCode]>([
    [coded('ECONNREFUSED'), 'connect', 'connection_refused'],
    [coded('ECONNRESET'), 'connect', 'connection_refused'],
    [coded('ENOENT'), 'connect', 'connection_refused'],
    [coded('ENOTFOUND'), 'connect', 'dns_error'],
    [coded('EAI_AGAIN'), 'connect', 'dns_error'],
    [coded('EHOSTUNREACH'), 'connect', 'destination_unroutable'],
    [coded('ENETUNREACH'), 'connect', 'destination_unroutable'],
    [coded('EADDRNOTAVAIL'), 'connect', 'destination_unroutable'],
    [coded('EACCES'), 'connect', 'destination_unroutable'],
    [coded('ETIMEDOUT'), 'connect', 'connection_timeout'],
    [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'connect', 'tls_error'],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'connect', 'tls_error'],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'connect', 'tls_error'],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'connect', 'tls_error'],
    [coded('CERT_HAS_EXPIRED'), 'connect', 'tls_error'],
    [coded('EPROTO'), 'connect', 'tls_error'],
    [coded('EMFILE'), 'connect', 'out_of_descriptors'],
    [coded('EAGAIN'), 'connect', 'out_of_descriptors'],
    [coded('ECONNRESET'), 'head', 'connection_terminated'],
    [coded('EPIPE'), 'head', 'connection_terminated'],
    [new errors.SocketError('other side closed'), 'head', 'connection_terminated'],
    [new errors.SocketError('bad response'), 'head', 'bad_answer'],
    [new errors.SocketError('bad upgrade'), 'head', 'bad_answer'],
    [coded('HPE_INVALID_CONSTANT'), 'head', 'bad_answer'],
    [new errors.HeadersOverflowError(), 'head', 'bad_answer'],
    [Object.assign(new Error('no code'), { name: 'HTTPParserError' }), 'head', 'bad_answer'],
    [coded('ERR_INVALID_CHAR'), 'head', 'bad_answer'],
    [coded('ERR_HTTP_INVALID_STATUS_CODE'), 'head', 'bad_answer'],
    [coded('ERR_ASSERTION'), 'head', 'bad_answer'],
    [coded('ETIMEDOUT'), 'head', 'response_timeout'],
    [coded('ECONNRESET'), 'body', 'answer_truncated'],
    [new errors.SocketError('other side closed'), 'body', 'answer_truncated'],
    [coded('HPE_INVALID_CHUNK_SIZE'), 'body', 'answer_truncated'],
    [new errors.ResponseContentLengthMismatchError(), 'body', 'answer_truncated'],
    [coded('ETIMEDOUT'), 'body', 'idle_timeout'],
    [coded('EUNHEARDOF'), 'head', 'internal'],
    [new TypeError('a bug'), 'head', 'internal'],
    [new TypeError('a bug'), 'body', 'internal'],
    ['not even an error', 'head', 'internal'],
    [undefined, 'body', 'internal'],
    [null, 'head', 'internal'],
  ])('%s while in phase %s: %s', (cause, phase, code) => {
    expect(rescue(cause, phase).code).toBe(code);
  });
});

describe('an error of the catalogue', () => {
  test.each<Phase>(['connect', 'head', 'body'])('stays what it is in phase %s', (phase) => {
    const error = new GatewayError('body_too_large', '');
    expect(rescue(error, phase)).toBe(error);
  });
});

describe('where the code stands', () => {
  test.each<[string, unknown]>([
    ['in several attempts', new AggregateError([coded('ENETUNREACH'), coded('ECONNREFUSED')])],
    ['in the cause', new Error('outer', { cause: new Error('middle', { cause: coded('ENETUNREACH') }) })],
    [
      'in several attempts of a cause',
      new Error('outer', { cause: new AggregateError([coded('ENETUNREACH')]) }),
    ],
  ])('it is found: %s', (_what, cause) => {
    expect(rescue(cause, 'connect').code).toBe('destination_unroutable');
  });

  test('a circle of causes is none', () => {
    const error = new Error('round');
    error.cause = error;
    expect(rescue(error, 'head').code).toBe('internal');
  });
});

describe('what operators read', () => {
  test.each<[unknown, string]>([
    [coded('ECONNRESET', 'read ECONNRESET'), 'read ECONNRESET'],
    [coded('UND_ERR_SOCKET', 'other side closed'), 'other side closed (UND_ERR_SOCKET)'],
    [
      new AggregateError([coded('ECONNREFUSED', 'a'), coded('ECONNREFUSED', 'b')]),
      'Error: a; Error: b (ECONNREFUSED)',
    ],
    [new TypeError(''), 'TypeError'],
    ['words', 'words'],
  ])('%s', (cause, message) => {
    const error = rescue(cause, 'head');
    expect([error.message, error.cause]).toEqual([message, cause]);
  });
});

test.each<[unknown, boolean]>([
  [coded('ECONNRESET'), true],
  [new Error('aborted', { cause: coded('ECONNRESET') }), true],
  [coded('EPIPE'), false],
  [new Error('no code'), false],
  [undefined, false],
])('%s is a reset: %s', (cause, reset) => {
  expect(isReset(cause)).toBe(reset);
});
