import { describe, expect, test } from 'vitest';
import { withoutCookie } from '../policy/sticky-cookie/sticky-cookie.ts';
import { cookieValue } from './cookie.ts';

describe('the value of a cookie', () => {
  test.each([
    ['sid=1', '1'],
    ['a=2; sid=1; b=3', '1'],
    ['a=2;sid=1;b=3', '1'],
    ['sid=1, sid=2', '1'],
    ['a=1, sid=2', '2'],
    ['sid=', ''],
    ['sid=a=b', 'a=b'],
    ['sid=1 ; a=2', '1'],
    ['a=2;\tsid=1\t;b=3', '1'],
    ['a=2; sid \t=\t1', '1'],
    ['a=2; sid 3=1', undefined],
    ['xsid=1', undefined],
    ['sid2=1', undefined],
    ['a=sid=1', undefined],
    ['a=1; xsid=3; sid=2', '2'],
    ['sid', undefined],
    ['', undefined],
  ])('in %j is %j', (cookies, value) => {
    expect(cookieValue(cookies, 'sid')).toBe(value);
  });
});

describe('a request without the gateway’s own cookie', () => {
  test.each([
    [['Cookie', 'p=1'], []],
    [
      ['Cookie', 'a=1; p=2; b=3'],
      ['Cookie', 'a=1; b=3'],
    ],
    [
      ['cookie', 'p=2;  b=3'],
      ['cookie', 'b=3'],
    ],
    [
      ['Cookie', 'p=1', 'Cookie', 'a=p=1'],
      ['Cookie', 'a=p=1'],
    ],
    [
      ['X-Cookie', 'p=1', 'Cookie', 'xp=1'],
      ['X-Cookie', 'p=1', 'Cookie', 'xp=1'],
    ],
    [
      ['A', 'b', 'Cookie', 'p=1; p=2', 'C', 'd'],
      ['A', 'b', 'C', 'd'],
    ],
    [
      ['Cookie', 'a=1; p =2; p\t=3; p q=4'],
      ['Cookie', 'a=1; p q=4'],
    ],
  ])('of %j is %j', (fields, expected) => {
    expect(withoutCookie(fields, 'p')).toEqual(expected);
  });

  test('is the very same where there is none', () => {
    const fields = ['Host', 'a', 'Cookie', 'sid=1'];
    expect(withoutCookie(fields, 'p')).toBe(fields);
  });
});
