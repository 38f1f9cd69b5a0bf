import { describe, expect, test } from 'vitest';
import { type ExchangeOverrides, routedExchange, valuesOf } from '../proof/testing/routed-exchange.ts';
import { answerFields, storableFields } from './answer-fields.ts';

const service = { authority: 'localhost:3001', owns: (authority: string) => authority === 'localhost:3001' };
const got = (fields: string[], overrides: ExchangeOverrides = {}, trailers = false) =>
  answerFields(routedExchange(overrides), service, fields, trailers);

describe('what a client gets', () => {
  test('is every other field, with its order, case, repetitions and bytes, and the name of the exchange', () => {
    const fields = [
      'X-b',
      '1',
      'Set-Cookie',
      'a=1',
      'x-B',
      '\xe9',
      'set-cookie',
      'b=2',
      'WWW-Authenticate',
      'Basic',
    ];
    expect(got(fields)).toEqual([...fields, 'X-Request-Id', 'request-id']);
  });

  test.each(
    'Connection Keep-Alive Proxy-Connection Trailer Transfer-Encoding Upgrade X-Request-Id'.split(' '),
  )('is not the service’s %s', (name) => {
    expect(got([name.toUpperCase(), 'x'])).toEqual(['X-Request-Id', 'request-id']);
  });

  test('is not what the service nominates, wherever it stands', () => {
    const fields = got(['X-A', '1', 'Connection', 'x-a, close', 'x-a', '2', 'X-B', '3']);
    expect(fields).toEqual(['X-B', '3', 'X-Request-Id', 'request-id']);
  });

  test('is what the service can not nominate away', () => {
    const fields = got([
      'Connection',
      'set-cookie, content-length',
      'Content-Length',
      '5',
      'Set-Cookie',
      'a=1',
    ]);
    expect(fields).toEqual(['Content-Length', '5', 'Set-Cookie', 'a=1', 'X-Request-Id', 'request-id']);
  });

  test('has an announcement of trailers where they can follow', () => {
    expect(valuesOf(got(['Trailer', 'X-A'], {}, true), 'trailer')).toEqual(['X-A']);
  });
});

describe('what a service says of its own place', () => {
  test.each([
    ['Location', '/users', '/db/users'],
    ['Location', 'http://localhost:3001/users', 'http://gateway.test:3000/db/users'],
    ['Location', 'http://gateway.test:3000/users', 'http://gateway.test:3000/db/users'],
    ['Location', 'http://elsewhere.test/users', 'http://elsewhere.test/users'],
    ['Content-Location', '/a', '/db/a'],
    ['Refresh', '5; url=/a', '5; url=/db/a'],
    ['Link', '</a>; rel=next', '</db/a>; rel=next'],
    ['Set-Cookie', 'a=1; Path=/', 'a=1; Path=/db'],
    ['X-Location', '/users', '/users'],
  ])('is put behind the prefix: %s: %s', (name, value, expected) => {
    expect(valuesOf(got([name, value]), name)).toEqual([expected]);
  });

  test.each<[string, ExchangeOverrides, string]>([
    ['where the prefix is kept', { route: { strip: false } }, '/users'],
    ['where rewriting is off', { rewrite: false }, '/users'],
    [
      'behind the prefix of a trusted proxy too',
      { trust: ['192.0.2.7'], fields: ['X-Forwarded-Prefix', '/outer'] },
      '/outer/db/users',
    ],
    ['but not of anybody else', { fields: ['X-Forwarded-Prefix', '/outer'] }, '/db/users'],
  ])('%s', (_what, overrides, expected) => {
    expect(valuesOf(got(['Location', '/users'], overrides), 'location')).toEqual([expected]);
  });
});

test('what may be stored is everything but what concerned the connection', () => {
  const fields = 'X-A 1 Connection x-a Keep-Alive timeout=5 Location /users X-Request-Id x'.split(' ');
  expect(storableFields(fields)).toEqual(['Location', '/users', 'X-Request-Id', 'x']);
});
