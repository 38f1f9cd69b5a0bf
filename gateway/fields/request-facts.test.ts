import { describe, expect, test } from 'vitest';
import { FieldBlock } from '../exchange/contract.ts';
import { NO_CLAIMS, TrustedPeers } from './forwarded.ts';
import { believe, factsOf, readFacts } from './request-facts.ts';

describe('what goes on', () => {
  test('is every other field, with its order, case, repetitions and bytes', () => {
    const fields = [
      'X-b',
      '1',
      'Cookie',
      'a=1',
      'x-B',
      '\xe9',
      'Cookie',
      'b=2',
      'Accept',
      '*/*',
      'Via',
      '1.1 a',
    ];
    expect(readFacts(fields).kept).toEqual(fields);
  });

  test.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Expect',
    'X-Request-Id',
    'Traceparent',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
    'X-Real-IP',
    'Forwarded',
    'X-Forwarded-User',
    'Content_Length',
    'transfer_encoding',
    'X_Forwarded_For',
    'X_Forwarded-Host',
    'x_real_ip',
  ])('is not %s, which is said to be dropped', (name) => {
    const facts = readFacts([name.toUpperCase(), 'x', 'X-A', '1']);
    expect(facts.kept).toEqual(['X-A', '1']);
    expect(facts.dropped).toContain(name.toLowerCase());
  });

  test('is not what the client nominates, before or behind the Connection field', () => {
    const facts = readFacts([
      'X-A',
      '1',
      'Connection',
      'x-a, close',
      'x-a',
      '2',
      'X-B',
      '3',
      'Connection',
      'x-c',
      'X-C',
      '4',
    ]);
    expect(facts.kept).toEqual(['X-B', '3']);
    expect(facts.dropped).toEqual(['connection', 'connection', 'x-a', 'x-c']);
  });

  test('is what the client can not nominate away', () => {
    const fields = ['Cookie', 'a=1', 'Content-Length', '5', 'Authorization', 'Basic x'];
    const facts = readFacts([
      ...fields,
      'Connection',
      'cookie, content-length, authorization, host',
      'Host',
      'a',
    ]);
    expect(facts.kept).toEqual(fields);
    expect(facts.host).toBe('a');
  });
});

describe('what is noted', () => {
  test.each([
    ['no Host', [], null, 0],
    ['one', ['hOST', 'a'], 'a', 1],
    ['two', ['Host', 'a', 'host', 'b'], 'b', 2],
    ['an empty one', ['Host', ''], '', 1],
  ])('%s', (_what, fields, host, hostCount) => {
    expect(readFacts(fields)).toMatchObject({ host, hostCount, kept: [], dropped: [] });
  });

  test.each([
    ['trailers', true],
    ['Trailers', true],
    ['gzip;q=0.5, trailers', true],
    ['trailers;q=0.5, deflate', true],
    ['deflate', false],
    ['x-trailers', false],
    ['trailers-x', false],
    ['', false],
  ])('TE: %s', (value, accepts) => {
    expect(readFacts(['TE', value]).acceptsTrailers).toBe(accepts);
  });

  test('several fields of one name are one list', () => {
    const facts = readFacts([
      ...['Via', '1.0 a', 'via', '1.1 b'],
      ...['Transfer-Encoding', 'gzip', 'transfer-encoding', 'chunked'],
      ...['X-Forwarded-For', '192.0.2.1', 'x-forwarded-for', '192.0.2.2'],
    ]);
    expect([facts.via, facts.transferEncoding, facts.claims.for]).toEqual([
      '1.0 a, 1.1 b',
      'gzip, chunked',
      '192.0.2.1, 192.0.2.2',
    ]);
  });

  test('underscore spellings claim nothing', () => {
    expect(readFacts(['X_Forwarded_For', '192.0.2.1', 'X_Forwarded_Host', 'evil.test']).claims).toEqual(
      NO_CLAIMS,
    );
  });

  test.each([
    ['X-Request-Id', 'requestId'],
    ['Traceparent', 'traceparent'],
    ['Via', 'via'],
    ['Origin', 'pageOrigin'],
  ] as const)('a nominated %s is for this connection only', (name, fact) => {
    expect(readFacts([name, 'x'])[fact]).toBe('x');
    expect(readFacts([name, 'x', 'Connection', name])[fact]).toBe(null);
  });
});

test('fields that repeat do so with what else a trusted proxy says: known to all, and changed by nobody', () => {
  const block = new FieldBlock(['Host', 'a', 'X-Forwarded-Ssl', 'on', 'X-A', '1']);
  const peer = { address: '127.0.0.1', secure: false };
  const trust = new TrustedPeers(['127.0.0.1']);
  const { facts } = believe(factsOf(block), peer, trust, 'a');
  expect(facts.kept).toEqual(['X-A', '1', 'X-Forwarded-Ssl', 'on']);
  expect(facts.kept).toSatisfy(Object.isFrozen);
  expect(facts.memo).not.toBe(null);
  expect(believe(factsOf(block), peer, trust, 'a').facts).toBe(facts);
  // Another word for the same fields: nothing of the one may be taken for the other.
  const stranger = believe(factsOf(block), peer, new TrustedPeers([]), 'a').facts;
  expect(stranger.kept).toEqual(['X-A', '1']);
  expect(stranger.memo).not.toBe(facts.memo);
});
