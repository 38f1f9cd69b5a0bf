import { describe, expect, test } from 'vitest';
import { parseTarget, type RequestTarget } from '../route/target.ts';
import { admitAuthority, admitFieldCount, admitFraming, admitTarget } from './admission.ts';
import type { Arrival } from './exchange.ts';
import { readFacts } from './request-facts.ts';

const arrival = (method: string, rawTarget: string, fields: readonly string[] = []): Arrival => ({
  downstream: { method, fields, body: null },
  peer: { address: '192.0.2.7', secure: false },
  version: '1.1',
  rawTarget,
});

const refusal = (code: string) => expect.objectContaining({ code });

describe('a target', () => {
  test.each([
    ['GET', '/db/x?y'],
    ['PROPFIND', '/'],
    ['OPTIONS', '*'],
    ['GET', 'http://a.test/db'],
    ['GET', `/${'x'.repeat(8 * 1024 - 1)}`],
  ])('%s %s is admitted', (method, target) => {
    expect(admitTarget(arrival(method, target)).kind).toBe(target === '*' ? 'asterisk' : 'path');
  });

  test.each([
    ['GET', `/${'x'.repeat(8 * 1024)}`, 'target_too_long'],
    ['TRACE', '/', 'method_refused'],
    ['CONNECT', 'a:1', 'method_refused'],
    ['GET', '*', 'bad_target'],
    ['GET', 'db', 'bad_target'],
    ['GET', '', 'bad_target'],
    ['GET', '/a/../b', 'bad_target'],
    ['GET', '/%00', 'bad_target'],
    ['GET', 'ftp://a/', 'bad_target'],
  ])('%s %s is refused: %3$s', (method, target, code) => {
    expect(() => admitTarget(arrival(method, target))).toThrow(refusal(code));
  });
});

describe('a framing', () => {
  const facts = (...codings: string[]) =>
    readFacts(codings.flatMap((coding) => ['Transfer-Encoding', coding]));

  test.each([
    ['1.1', []],
    ['1.0', []],
    ['1.1', ['chunked']],
    ['1.1', [' CHUNKED ']],
  ])('of HTTP/%s with %j is admitted', (version, codings) => {
    expect(() => admitFraming(facts(...codings), version)).not.toThrow();
  });

  test.each([
    ['0.9', [], 'bad_request'],
    ['1.2', [], 'version_refused'],
    ['2.0', [], 'version_refused'],
    ['1.0', ['chunked'], 'bad_request'],
    ['1.1', ['gzip'], 'coding_refused'],
    ['1.1', ['gzip, chunked'], 'coding_refused'],
    ['1.1', ['chunked', 'chunked'], 'coding_refused'],
    ['1.1', ['"chunked"'], 'coding_refused'],
    ['1.1', ['xchunked'], 'coding_refused'],
    ['1.1', [''], 'coding_refused'],
  ])('of HTTP/%s with %j is refused: %s', (version, codings, code) => {
    expect(() => admitFraming(facts(...codings), version)).toThrow(refusal(code));
  });
});

describe('an authority', () => {
  const target = (raw: string): RequestTarget => {
    const parsed = parseTarget(raw);
    if (!parsed.ok) throw new Error(raw);
    return parsed.target;
  };
  const hosts = (...values: string[]) => readFacts(values.flatMap((value) => ['Host', value]));

  test.each([
    ['Host', '/', ['a.test:80'], '1.1', 'a.test:80'],
    ['Host with an address', '/', ['[::1]:3000'], '1.1', '[::1]:3000'],
    ['the target’s, which beats Host', 'http://b.test:8080/', ['a.test'], '1.1', 'b.test:8080'],
    ['none, as HTTP/1.0 may', '/', [], '1.0', 'localhost'],
    ['the target’s without Host on HTTP/1.0', 'http://b.test/', [], '1.0', 'b.test'],
  ])('is taken from %s', (_what, raw, values, version, authority) => {
    expect(admitAuthority(target(raw), hosts(...values), version)).toBe(authority);
  });

  test.each([
    ['no Host', '/', []],
    ['no Host, though the target names one', 'http://a.test/', []],
    ['two', '/', ['a', 'a']],
    ['an empty one', '/', ['']],
    ['one with a path', '/', ['a/b']],
    ['one with a user', '/', ['u@a']],
    ['one with a space', '/', ['a b']],
    ['one with a port beyond all ports', '/', ['a:65536']],
    ['one with escapes', '/', ['%61']],
  ])('is refused with %s', (_what, raw, values) => {
    expect(() => admitAuthority(target(raw), hosts(...values), '1.1')).toThrow(refusal('bad_host'));
  });
});

describe('the number of fields', () => {
  const fields = (count: number) => Array.from({ length: count }, (_, i) => [`X-${i}`, '1']).flat();

  test('may be 100 and no more', () => {
    expect(() => admitFieldCount(arrival('GET', '/', fields(100)))).not.toThrow();
    expect(() => admitFieldCount(arrival('GET', '/', fields(101)))).toThrow(refusal('head_too_large'));
  });
});
