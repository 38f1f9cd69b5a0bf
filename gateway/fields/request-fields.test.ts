import { describe, expect, test } from 'vitest';
import { type ExchangeOverrides, routedExchange, valuesOf } from '../proof/testing/routed-exchange.ts';
import { requestFields } from './request-fields.ts';

const SIGNATURE = { pseudonym: 'portway-test', requestId: 'id-1', traceparent: '00-a-b-00' };
const ENDPOINT = { authority: 'localhost:3001', scheme: 'https' } as const;
const sent = (overrides: ExchangeOverrides = {}) =>
  requestFields(routedExchange(overrides), ENDPOINT, SIGNATURE);

describe('what a service gets', () => {
  test('begins with Host and what the client sent, in its order', () => {
    const fields = sent({ fields: ['X-b', '1', 'Cookie', 'a', 'x-B', '2'] });
    expect(fields.slice(0, 8)).toEqual(['Host', 'gateway.test:3000', 'X-b', '1', 'Cookie', 'a', 'x-B', '2']);
  });

  test.each<[string, ExchangeOverrides, string, string[]]>([
    ['our name in Via', {}, 'via', ['1.1 portway-test']],
    ['our name behind those before us', { fields: ['Via', '1.0 a'] }, 'via', ['1.0 a', '1.1 portway-test']],
    ['the version that the client spoke', { version: '1.0' }, 'via', ['1.0 portway-test']],
    ['one X-Request-Id', { fields: ['X-Request-Id', 'theirs'] }, 'x-request-id', ['id-1']],
    ['one Traceparent', { fields: ['Traceparent', 'theirs'] }, 'traceparent', ['00-a-b-00']],
    ['one X-Forwarded-For', { fields: ['X-Forwarded-For', '127.0.0.1'] }, 'x-forwarded-for', ['192.0.2.7']],
    [
      'no spelling of it that a CGI would mistake',
      { fields: ['X_Forwarded_For', 'a'] },
      'x_forwarded_for',
      [],
    ],
    ['the host of an absolute target', { target: 'http://b.test/db' }, 'host', ['b.test']],
    ['its own host, if it wants', { route: { hostHeader: 'rewrite' } }, 'host', ['localhost:3001']],
    [
      'the public host beside it',
      { route: { hostHeader: 'rewrite' } },
      'x-forwarded-host',
      ['gateway.test:3000'],
    ],
    [
      'its own origin, where the public one is meant',
      { route: { hostHeader: 'rewrite' }, fields: ['Origin', 'http://gateway.test:3000'] },
      'origin',
      ['https://localhost:3001'],
    ],
    [
      'its own origin, where a trusted proxy says which one is public',
      {
        trust: ['192.0.2.7'],
        route: { hostHeader: 'rewrite' },
        fields: [
          'X-Forwarded-Host',
          'shop.test',
          'X-Forwarded-Proto',
          'https',
          'Origin',
          'https://shop.test',
        ],
      },
      'origin',
      ['https://localhost:3001'],
    ],
    [
      'the same with the port that the proxy names',
      {
        trust: ['192.0.2.7'],
        route: { hostHeader: 'rewrite' },
        fields: [
          'X-Forwarded-Host',
          'shop.test',
          'X-Forwarded-Port',
          '8443',
          'Referer',
          'http://shop.test:8443/x',
        ],
      },
      'referer',
      ['https://localhost:3001/x'],
    ],
    [
      'another origin as it is',
      { route: { hostHeader: 'rewrite' }, fields: ['Origin', 'http://gateway.test'] },
      'origin',
      ['http://gateway.test'],
    ],
    ['TE for trailers alone', { fields: ['TE', 'gzip, trailers'] }, 'te', ['trailers']],
    ['no TE for anything else', { fields: ['TE', 'gzip'] }, 'te', []],
    ['the prefix that was stripped', {}, 'x-forwarded-prefix', ['/db']],
    ['it in canonical form', { target: '/%64b/x' }, 'x-forwarded-prefix', ['/db']],
    ['no prefix that was kept', { route: { strip: false } }, 'x-forwarded-prefix', []],
    ['no prefix at the root', { path: '/' }, 'x-forwarded-prefix', []],
  ])('is %s', (_what, overrides, name, values) => {
    expect(valuesOf(sent(overrides), name)).toEqual(values);
  });

  test('has a value for each name', () => {
    expect(sent({ fields: ['Connection', 'x-a', 'X-A', '1'] }).length % 2).toBe(0);
  });
});
