import { describe, expect, it } from 'vitest';
import type { FieldMap } from './entry.ts';
import { type CacheRules, keepable } from './storable.ts';

const RULES: CacheRules = {
  entryMaxBytes: 1_000,
  errors: false,
  heuristic: false,
  staleIfErrorMs: 0,
  staleWhileRevalidateMs: 0,
};
const MINUTE: FieldMap = { 'cache-control': 'max-age=60' };
const NOW = Date.UTC(2026, 10, 29);
const DAY = 86_400_000;
const date = (ms: number) => new Date(NOW + ms).toUTCString();

function kept(headers: FieldMap, { status = 200, fields = {} as FieldMap, rules = RULES } = {}) {
  const query = { origin: 'http://a.test', path: '/a', method: 'GET', fields };
  return keepable(query, { statusCode: status, statusMessage: '', headers }, rules, NOW);
}

/** For how many seconds it is fresh; why not, in its place. */
function seconds(...args: Parameters<typeof kept>): number | string {
  const judged = kept(...args);
  return typeof judged === 'string' ? judged : (judged.staleAt - NOW) / 1_000;
}

describe('an answer is not kept', () => {
  it.each<[string, FieldMap, Parameters<typeof kept>[1]?]>([
    ['no-lifetime', {}],
    ['no-lifetime', { 'cache-control': 'public' }],
    ['no-lifetime', { 'last-modified': date(-DAY) }],
    ['no-store', { 'cache-control': 'max-age=60, no-store' }],
    ['no-store', { 'cache-control': 'max-age=60, no-store;x' }],
    ['no-store', { 'cache-control': ['max-age=60', 'No-Store=x'] }],
    ['private', { 'cache-control': 'max-age=60, private' }],
    ['private', { 'cache-control': ['max-age=60, x="', 'private', 'y="'] }],
    ['private', { 'cache-control': 'max-age=60, "private"' }],
    ['private', { 'cache-control': 'max-age=60, private="x' }],
    ['private', { 'cache-control': 'max-age=60, =private' }],
    ['no-store', { 'cache-control': 'max-age=60 no-store' }],
    ['no-store', { 'cache-control': 'max-age=60, a b=no-store' }],
    ['no-store', { 'cache-control': 'max-age=60, a=b no-store' }],
    ['no-store', { 'cache-control': 'max-age=60, no-store, must-understand=5' }],
    ['no-lifetime', { 'cache-control': 'immutable=5' }],
    ['authorization', { 'cdn-cache-control': 'public=5, max-age=60' }, { fields: { authorization: 'x' } }],
    ['authorization', { 'cache-control': 'public=5, max-age=60' }, { fields: { authorization: 'x' } }],
    [
      'authorization',
      { 'cache-control': 'must-revalidate=5, max-age=60' },
      { fields: { authorization: 'x' } },
    ],
    ['cookie', { 'cdn-cache-control': 'public="", max-age=60' }, { fields: { cookie: 'a=b' } }],
    ['set-cookie', { ...MINUTE, 'set-cookie': 'a=b' }],
    ['request-no-store', MINUTE, { fields: { 'cache-control': 'no-store' } }],
    ['authorization', MINUTE, { fields: { authorization: 'x' } }],
    ['authorization', { 'cache-control': 'public, max-age=60' }, { fields: { authorization: ['x', 'y'] } }],
    ['authorization', { 'cdn-cache-control': 'public=?0, max-age=60' }, { fields: { authorization: 'x' } }],
    ['cookie', { 'cdn-cache-control': 'public=?0, max-age=60' }, { fields: { cookie: 'a=b' } }],
    ['private', { 'cdn-cache-control': 'private=?0, max-age=60' }],
    ['cookie', MINUTE, { fields: { cookie: 'a=b' } }],
    ['cookie', { 'cache-control': 'max-age=60, must-revalidate' }, { fields: { cookie: 'a=b' } }],
    ['status', MINUTE, { status: 400 }],
    ['status', MINUTE, { status: 206 }],
    ['status', MINUTE, { status: 201 }],
    ['status', MINUTE, { status: 226 }],
    ['vary', { ...MINUTE, vary: '*' }],
    ['vary', { ...MINUTE, vary: ['accept', 'accept, *'] }],
    ['vary', { ...MINUTE, vary: 'x-real-ip' }],
    ['vary', { ...MINUTE, vary: 'a b' }],
    ['event-stream', { ...MINUTE, 'content-type': 'Text/Event-Stream; charset=utf-8' }],
    ['too-large', { ...MINUTE, 'content-length': '1001' }],
    ['already-stale', { 'cache-control': 'max-age=0' }],
    ['already-stale', { ...MINUTE, age: '60' }],
    ['already-stale', { ...MINUTE, date: date(-60_000) }],
    ['already-stale', { expires: '0' }],
    ['already-stale', { expires: [date(DAY), date(DAY)] }],
    ['already-stale', { 'cache-control': 'no-cache' }],
  ])('%s: %j %j', (reason, headers, asked) => {
    expect(kept(headers, asked)).toBe(reason);
  });
});

describe('for how long an answer is fresh', () => {
  it.each<[FieldMap, number]>([
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'MAX-AGE="60"' }, 60],
    [{ 'cache-control': 'max-age=60, s-maxage=30' }, 30],
    [{ 'cache-control': 'max-age=60, max-age=30' }, 30],
    [{ 'cache-control': 'x="a, max-age=9", max-age=60' }, 60],
    [{ 'cache-control': 'max-age=99999999999' }, 2 ** 31],
    [{ 'cache-control': 'immutable' }, 365 * 86_400],
    [{ 'cache-control': 'max-age=60', expires: '0' }, 60],
    [{ 'cache-control': 'max-age=60', age: '20, 50' }, 40],
    [{ 'cache-control': 'max-age=60', age: '-20' }, 60],
    [{ 'cache-control': 'max-age=60', date: date(-20_000) }, 40],
    [{ 'cache-control': 'max-age=60', date: date(20_000) }, 60],
    [{ expires: date(60_000) }, 60],
    [{ expires: date(60_000), date: date(-30_000) }, 60],
    [{ expires: 'Sunday, 29-Nov-26 00:01:00 GMT' }, 60],
    [{ expires: 'Sun Nov 29 00:01:00 2026' }, 60],
    // RFC 9213: for caches in front of services, before what is for all.
    [{ 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store, max-age=9' }, 60],
    [{ 'cdn-cache-control': 'max-age=60', expires: '0' }, 60],
    [{ 'cdn-cache-control': 'max-age=60, &&', 'cache-control': 'max-age=9' }, 9],
    [{ 'cdn-cache-control': '', 'cache-control': 'max-age=9' }, 9],
  ])('%j: %i s', (headers, expected) => {
    expect(seconds(headers)).toBe(expected);
  });

  it.each<[FieldMap, string]>([
    [{ 'cache-control': 'max-age=6 0' }, 'already-stale'],
    [{ 'cache-control': 'max-age=60.5' }, 'already-stale'],
    [{ 'cache-control': 'max-age=-60' }, 'already-stale'],
    [{ 'cache-control': 'max-age' }, 'already-stale'],
    [{ 'cache-control': "max-age='60'" }, 'already-stale'],
    [{ 'cache-control': 'max-age=60, max-age=x' }, 'already-stale'],
    [{ expires: 'Sun, 29 Nov 2026 00:01:00 UTC' }, 'already-stale'],
    [{ expires: 'Sun, 31 Feb 2027 00:01:00 GMT' }, 'already-stale'],
    [{ 'cdn-cache-control': 'max-age="60"', 'cache-control': 'max-age=9' }, 'already-stale'],
    [{ 'cdn-cache-control': 'private, max-age=60', 'cache-control': 'max-age=9' }, 'private'],
    [{ 'cdn-cache-control': 'x', expires: date(60_000) }, 'no-lifetime'],
  ])('%j: %s', (headers, reason) => {
    expect(seconds(headers)).toBe(reason);
  });

  it('is nothing for what is stale from the start and can be asked about', () => {
    expect(seconds({ 'cache-control': 'no-cache', etag: '"1"' })).toBe(0);
    expect(seconds({ ...MINUTE, age: '90', etag: '"1"' })).toBe(-30);
    expect(seconds({ ...MINUTE, age: '90', etag: 'x' })).toBe('already-stale');
  });
});

it('a status of 2xx that nobody knows is kept as 200 is', () => {
  expect(seconds(MINUTE, { status: 299 })).toBe(60);
  expect(seconds({ 'cache-control': 'max-age=60, must-understand' }, { status: 299 })).toBe('status');
});

describe('what the route may want as well', () => {
  const errors = { ...RULES, errors: true };
  const heuristic = { ...RULES, heuristic: true };

  it.each([400, 405, 451, 499, 500, 503, 599])(
    'errors: %i, where the service says for how long',
    (status) => {
      expect(seconds(MINUTE, { status, rules: errors })).toBe(60);
      expect(seconds({}, { status, rules: errors })).toBe('no-lifetime');
    },
  );

  it.each([201, 206, 304, 401, 407, 408, 412, 413, 416, 421, 429, 431])('errors: never %i', (status) => {
    expect(seconds(MINUTE, { status, rules: errors })).toBe('status');
  });

  it('heuristic: a tenth of the time since it was changed, and a day at most', () => {
    expect(seconds({ 'last-modified': date(-600_000) }, { rules: heuristic })).toBe(60);
    expect(seconds({ 'last-modified': date(-600_000) }, { status: 405, rules: heuristic })).toBe(60);
    expect(seconds({ 'last-modified': date(-1_000 * DAY) }, { rules: heuristic })).toBe(86_400);
    expect(seconds({ 'last-modified': date(DAY) }, { rules: heuristic })).toBe('no-lifetime');
    expect(seconds({}, { rules: heuristic })).toBe('no-lifetime');
    expect(seconds({ 'last-modified': date(-DAY) }, { status: 500, rules: heuristic })).toBe('status');
    const cookie = { fields: { cookie: 'a=b' }, rules: heuristic };
    expect(seconds({ 'last-modified': date(-DAY) }, cookie)).toBe('cookie');
  });

  it('stale answers, unless the service forbids it or says for how long', () => {
    const rules = { ...RULES, staleIfErrorMs: 5_000, staleWhileRevalidateMs: 7_000 };
    const terms = (more: string) => {
      const { staleIfErrorMs, staleWhileRevalidateMs } = kept(
        { 'cache-control': `max-age=60${more}`, etag: '"1"' },
        { rules },
      ) as Exclude<ReturnType<typeof kept>, string>;
      return [staleIfErrorMs, staleWhileRevalidateMs];
    };
    expect(terms('')).toEqual([5_000, 7_000]);
    expect(terms(', stale-if-error=1, stale-while-revalidate=0')).toEqual([1_000, 0]);
    for (const forbids of ['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache'])
      expect(terms(`, ${forbids}`)).toEqual([0, 0]);
  });
});

it.each(['ext=private', 'ext="no-store, private"', 'no-storex', 'x=no-store-x'])(
  'another directive forbids nothing: %s',
  (directive) => {
    expect(seconds({ 'cache-control': `${directive}, max-age=60` })).toBe(60);
  },
);

it('fields that the service keeps back are not given to others', () => {
  const headers = {
    'cache-control': 'max-age=60, private="X-User, x-b", no-cache=x-c',
    'x-user': '1',
    'x-c': '2',
    'x-d': '3',
  };
  expect(kept(headers)).toMatchObject({ headers: { 'cache-control': headers['cache-control'], 'x-d': '3' } });
  expect(Object.keys((kept(headers) as { headers: FieldMap }).headers)).toEqual(['cache-control', 'x-d']);
});
