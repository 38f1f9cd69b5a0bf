import { describe, expect, it } from 'vitest';
import { isOnlyIfCached, isSameTag, matchesCondition, withoutConditions } from './conditional.ts';

const MONDAY = 'Mon, 01 Jan 2024 00:00:00 GMT';
const TUESDAY = 'Tue, 02 Jan 2024 00:00:00 GMT';
const SUNDAY = 'Sun, 31 Dec 2023 00:00:00 GMT';

describe('a condition of the client', () => {
  it.each([
    // RFC 9110 §13.1.2
    [{ 'if-none-match': '"a"' }, { etag: '"a"' }, true],
    [{ 'if-none-match': 'W/"a"' }, { etag: '"a"' }, true],
    [{ 'if-none-match': '"a"' }, { etag: 'W/"a"' }, true],
    [{ 'if-none-match': '"b", "a"' }, { etag: '"a"' }, true],
    [{ 'if-none-match': ['"b"', '"a"'] }, { etag: '"a"' }, true],
    [{ 'if-none-match': '"a,b"' }, { etag: '"a,b"' }, true],
    [{ 'if-none-match': '*' }, { etag: '"a"' }, true],
    [{ 'if-none-match': '*' }, {}, true],
    [{ 'if-none-match': '"a"' }, { etag: '"A"' }, false],
    [{ 'if-none-match': '"a"' }, {}, false],
    [{ 'if-none-match': 'a' }, { etag: 'a' }, false],
    [{ 'if-none-match': '' }, { etag: '"a"' }, false],
    // §13.1.3
    [{ 'if-modified-since': MONDAY }, { 'last-modified': MONDAY }, true],
    [{ 'if-modified-since': MONDAY }, { 'last-modified': SUNDAY }, true],
    [{ 'if-modified-since': SUNDAY }, { 'last-modified': MONDAY }, false],
    [{ 'if-modified-since': MONDAY }, {}, false],
    [{ 'if-modified-since': 'soon' }, { 'last-modified': MONDAY }, false],
    // §13.2.2: the tag beats the date.
    [
      { 'if-none-match': '"b"', 'if-modified-since': MONDAY },
      { etag: '"a"', 'last-modified': MONDAY },
      false,
    ],
    [{}, { etag: '"a"', 'last-modified': MONDAY }, false],
  ])('%j on %j: %j', (fields, answer, holds) => {
    expect(matchesCondition(fields, answer, false)).toBe(holds);
  });

  // RFC 9111 §4.3.2: in place of Last-Modified, the Date of what is kept counts, and of nothing else.
  it.each([
    [{ date: MONDAY }, true, true],
    [{ date: SUNDAY }, true, true],
    [{ date: SUNDAY, 'last-modified': TUESDAY }, true, false],
    [{ date: TUESDAY }, true, false],
    [{ date: 'today' }, true, false],
    [{ date: MONDAY }, false, false],
  ])('If-Modified-Since: Monday on %j (kept: %j): %j', (answer, kept, holds) => {
    expect(matchesCondition({ 'if-modified-since': MONDAY }, answer, kept)).toBe(holds);
  });
});

describe('what the cache gets to see', () => {
  it.each([
    [{ accept: '*/*', 'if-none-match': '"a"', 'if-modified-since': MONDAY }, { accept: '*/*' }],
    [{ 'if-match': '"a"' }, { 'if-match': '"a"' }],
    [{ 'cache-control': 'max-age=5, Only-If-Cached' }, { 'cache-control': 'max-age=5' }],
    [{ 'cache-control': 'x-only-if-cached' }, { 'cache-control': 'x-only-if-cached' }],
  ])('of %j is %j', (fields, expected) => {
    expect(withoutConditions(fields)).toEqual(expected);
  });
});

it.each([
  [{ 'cache-control': 'only-if-cached' }, true],
  [{ 'cache-control': ['max-age=5', 'ONLY-IF-CACHED'] }, true],
  [{ 'cache-control': 'only-if-cached=no' }, false],
  [{}, false],
])('%j wants nothing but what is at hand: %j', (fields, wanted) => {
  expect(isOnlyIfCached(fields)).toBe(wanted);
});

it.each([
  ['"a"', 'W/"a"', true],
  ['"a"', '"b"', false],
  ['"a"', undefined, false],
])('%s and %s are the same tag: %j', (one, other, same) => {
  expect(isSameTag(one, other)).toBe(same);
});
