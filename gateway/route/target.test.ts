import { describe, expect, test } from 'vitest';
import { canonicalPath, parseTarget, type RequestTarget, rawLength } from './target.ts';

function read(rawTarget: string): RequestTarget {
  const parsed = parseTarget(rawTarget);
  if (!parsed.ok) throw new Error(`${rawTarget} was refused: ${parsed.reason}`);
  return parsed.target;
}

describe('an origin-form target', () => {
  test.each([
    ['/', '/', ''],
    ['/db', '/db', ''],
    ['/db/x?y=1', '/db/x', '?y=1'],
    ['/db?', '/db', '?'],
    ['/db??a+b', '/db', '??a+b'],
    ['/db?a=/../b&c=\\&d=%zz', '/db', '?a=/../b&c=\\&d=%zz'],
    ['//host/x', '//host/x', ''],
    ['/db//x', '/db//x', ''],
    ['/a.b/c..d/e.', '/a.b/c..d/e.', ''],
    ['/.well-known/x', '/.well-known/x', ''],
    ['/...slug/..hidden/...', '/...slug/..hidden/...', ''],
    ['/db;v=1/x', '/db;v=1/x', ''],
    [`/!$&'()*+,;=:@-._~"<>[]^\`{|}`, `/!$&'()*+,;=:@-._~"<>[]^\`{|}`, ''],
  ])('%s is itself in the canonical view', (raw, canonical, query) => {
    expect(read(raw)).toEqual({
      kind: 'path',
      raw,
      rawPathLength: canonical.length,
      query,
      canonical,
      decodedAt: null,
      foldable: /\/\/|;/.test(raw.split('?')[0]!),
      authority: null,
    });
  });

  test.each([
    ['/%64b/x', '/db/x'],
    ['/%64%62', '/db'],
    ['/%41%5a%61%7A%30%39%2d%5F%7e', '/AZaz09-_~'],
    ['/a%2eb', '/a.b'],
    ['/%2e%2e%2e', '/...'],
    ['/%2ehidden', '/.hidden'],
    ['/a%2fb', '/a%2Fb'],
    ['/%c3%bc', '/%C3%BC'],
    ['/a%20b%3f%23', '/a%20b%3F%23'],
    ['/%252e%252e/x', '/%252e%252e/x'],
    ['/%25zz', '/%25zz'],
    ['/x%0d%0a', '/x%0D%0A'],
  ])('%s is decided by as %s and kept as sent', (raw, canonical) => {
    const target = read(`${raw}?%64`);
    expect(target.canonical).toBe(canonical);
    expect(target.raw).toBe(`${raw}?%64`);
    expect(target.query).toBe('?%64');
    expect(target.rawPathLength).toBe(raw.length);
  });

  test.each([
    ['/%64b/x', 3, 5],
    ['/%64b/x', 1, 1],
    ['/%64b/x', 2, 4],
    ['/d%62/%78', 3, 5],
    ['/d%62/%78', 5, 9],
    ['/a%2fb/%64', 6, 6],
    ['/db/x', 3, 3],
  ])('of %s the first %i canonical characters are %i raw ones', (raw, canonicalLength, expected) => {
    expect(rawLength(read(raw), canonicalLength)).toBe(expected);
  });
});

describe('an absolute-form target', () => {
  test.each([
    ['http://h/db/x?y', 'h', '/db/x?y'],
    ['http://h', 'h', '/'],
    ['http://h?x=1', 'h', '/?x=1'],
    ['HTTPS://Shop.Localhost:3000/x', 'Shop.Localhost:3000', '/x'],
    ['http://[::1]:3000/%64b', '[::1]:3000', '/%64b'],
    ['http://h//evil/x', 'h', '//evil/x'],
    ['http://h:/x', 'h:', '/x'],
  ])('%s is for %s and %s', (raw, authority, path) => {
    const target = read(raw);
    expect(target.authority).toBe(authority);
    expect(target.raw).toBe(path);
    expect(target.kind).toBe('path');
  });

  test('has its path in the canonical view like any other', () => {
    expect(read('http://h/%64b')).toMatchObject({ canonical: '/db', decodedAt: [1], rawPathLength: 5 });
  });
});

test('the asterisk-form is a kind of its own', () => {
  expect(read('*')).toMatchObject({ kind: 'asterisk', raw: '*', canonical: '*', query: '', authority: null });
});

describe('a target is refused', () => {
  test.each([
    ['/%', 'malformed-escape', 1],
    ['/a%', 'malformed-escape', 2],
    ['/a%4', 'malformed-escape', 2],
    ['/a%4g', 'malformed-escape', 2],
    ['/a%g4', 'malformed-escape', 2],
    ['/a%%41', 'malformed-escape', 2],
    ['/a%u0041', 'malformed-escape', 2],
    ['/a\0b', 'nul', 2],
    ['/a%00b', 'nul', 2],
    ['/a?b\0', 'nul', 4],
    ['/a#b', 'fragment', 2],
    ['/a?b#c', 'fragment', 4],
    ['/a#?b', 'fragment', 2],
    ['/a b', 'control', 2],
    ['/a\tb', 'control', 2],
    ['/a\r\nHost: evil', 'control', 2],
    ['/a\x7f', 'control', 2],
    ['/a?b c', 'control', 4],
    ['/a?b\x7f', 'control', 4],
    ['/a?b\x1f', 'control', 4],
    ['/\xe9', 'non-ascii', 1],
    ['/\x80', 'non-ascii', 1],
    ['/a?\xff', 'non-ascii', 3],
    ['/\u{1f600}', 'non-ascii', 1],
    ['/a\\b', 'backslash', 2],
    ['/\\evil', 'backslash', 1],
    ['/a%5cb', 'backslash', 2],
    ['/a%5Cb', 'backslash', 2],
  ])('%j: %s at %i', (raw, reason, at) => {
    expect(parseTarget(raw)).toEqual({ ok: false, reason, at });
  });

  test.each([
    ['/.', 1],
    ['/..', 1],
    ['/./', 1],
    ['/../', 1],
    ['/db/.', 4],
    ['/db/..', 4],
    ['/db/../x', 4],
    ['/db/./x', 4],
    ['/db/..?x', 4],
    ['/db//../x', 5],
    ['/db/%2e', 4],
    ['/db/%2e%2e', 4],
    ['/db/%2E%2e/x', 4],
    ['/db/.%2e/x', 4],
    ['/db/%2e./x', 4],
    ['/db/%2e/x', 4],
    ['/db/..;/x', 4],
    ['/db/..;x', 4],
    ['/db/.;x=1/y', 4],
    ['/db/%2e%2e;x', 4],
    ['/db/..%3bx', 4],
    ['/db/..%3B/x', 4],
    ['/db/..%2fx', 4],
    ['/db/..%2Fx', 4],
    ['/db/x%2f..', 8],
    ['/db/x%2f../y', 8],
    ['/db/x%2F%2e%2e%2fy', 8],
    ['/db/x%2f.', 8],
    ['/%64b/..', 6],
    ['/%64b%2f%2e%2e', 8],
    ['/....//../x', 7],
  ])('%j: a dot segment at %i', (raw, at) => {
    expect(parseTarget(raw)).toEqual({ ok: false, reason: 'dot-segment', at });
  });

  test.each([
    ['', 'not-a-path', 0],
    ['db', 'not-a-path', 0],
    ['*x', 'not-a-path', 0],
    ['**', 'not-a-path', 0],
    ['?x', 'not-a-path', 0],
    ['h:80', 'not-a-path', 0],
    ['http:/h', 'not-a-path', 0],
    ['ftp://h/x', 'scheme', 0],
    ['ws://h/x', 'scheme', 0],
    ['httpx://h/x', 'scheme', 0],
    ['http://u@h/x', 'userinfo', 7],
    ['http://u:p@h/x', 'userinfo', 7],
    ['http:///x', 'authority', 7],
    ['http://:80/x', 'authority', 7],
    ['http://h:65536/', 'authority', 7],
    ['http://h:8x/', 'authority', 7],
    ['http://h h/', 'authority', 7],
    ['http://%68/', 'authority', 7],
    ['http://[::1/', 'authority', 7],
    ['http://h\\evil/', 'backslash', 8],
    ['http://h#x', 'fragment', 8],
    ['http://h/a/../b', 'dot-segment', 11],
    ['http://h?a b', 'control', 10],
    ['http://h/%zz', 'malformed-escape', 9],
  ])('%j: %s at %i', (raw, reason, at) => {
    expect(parseTarget(raw)).toEqual({ ok: false, reason, at });
  });
});

describe('the canonical view of a configured prefix', () => {
  test.each([
    ['/db', '/db'],
    ['/%64b', '/db'],
    ['/a%2fb', '/a%2Fb'],
    ['/db/', '/db/'],
  ])('%s is %s', (raw, path) => {
    expect(canonicalPath(raw)).toMatchObject({ ok: true, path });
  });

  test.each([
    ['db', 'not-a-path', 0],
    ['/db?x', 'query', 3],
    ['/db#x', 'fragment', 3],
    ['/db/..', 'dot-segment', 4],
    ['/b\xfc', 'non-ascii', 2],
  ])('%s is refused: %s at %i', (raw, reason, at) => {
    expect(canonicalPath(raw)).toEqual({ ok: false, reason, at });
  });
});
