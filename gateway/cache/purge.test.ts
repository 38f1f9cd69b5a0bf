import { describe, expect, it } from 'vitest';
import { purgeOfPrefix, purgeOfUrl, purges, type UrlPurge } from './purge.ts';

const url = (path: string, origin = 'http://a.test') => ({ origin, path });

describe('a purge by URL', () => {
  it.each([
    ['/img/a', url('/img/a'), true],
    ['/img/a', url('/%69mg/%61'), true],
    ['/%69mg/a', url('/img/a'), true],
    ['/img/a', url('/img/a', 'https://b.test'), true],
    ['/img/a?x=1', url('/img/a?x=1'), true],
    ['/img/a', url('/img/a?x=1'), false],
    ['/img/a?x=1', url('/img/a'), false],
    ['/img/a', url('/img/a/b'), false],
    ['/img/a', url('/IMG/a'), false],
    ['http://a.test/img/a', url('/img/a'), true],
    ['HTTP://A.test:80/img/a', url('/img/a'), true],
    ['http://a.test/img/a', url('/img/a', 'http://a.test:80'), true],
    ['https://a.test/img/a', url('/img/a', 'https://a.test:443'), true],
    ['http://a.test/img/a', url('/img/a', 'https://a.test'), false],
    ['http://a.test/img/a', url('/img/a', 'http://a.test:8080'), false],
    ['http://a.test/img/a', url('/img/a', 'http://a.test 80 /outer inner.test'), true],
    ['http://a.test', url('/'), true],
    ['http://[::1]:3000/a', url('/a', 'http://[::1]:3000'), true],
  ])('%s: %j %j', (text, kept, expected) => {
    expect(purges(purgeOfUrl(text) as UrlPurge, kept)).toBe(expected);
  });
});

describe('a purge by prefix', () => {
  it.each([
    ['/img', url('/img'), true],
    ['/img', url('/img?x'), true],
    ['/img', url('/img/a/b?x'), true],
    ['/img/', url('/img/a'), true],
    ['/img', url('/%69mg/a'), true],
    ['/img', url('/images'), false],
    ['/', url('/anything?x'), true],
    ['http://a.test', url('/anything'), true],
    ['http://a.test', url('/anything', 'http://b.test'), false],
  ])('%s: %j %j', (text, kept, expected) => {
    expect(purges(purgeOfPrefix(text) as UrlPurge, kept)).toBe(expected);
  });
});

it.each(['', 'img', 'ftp://a/b', '/a#b', '/a/../b', '/a%zz', 'http://', '/a b', 'h'])(
  '%j is neither a URL nor a path',
  (text) => {
    expect([purgeOfUrl(text), purgeOfPrefix(text)].filter((purge) => purge !== null)).toEqual([]);
  },
);

it('a prefix has no query', () => {
  expect(purgeOfPrefix('/a?b')).toBeNull();
});
