import { describe, expect, it } from 'vitest';
import { editDistance, lettersInNumber, nearest } from './hint.ts';
import { adviseKey } from './vocabulary.ts';

describe('the nearest word', () => {
  it.each([
    ['prot', ['port', 'host'], 'port'],
    ['timeout', ['timeouts', 'to'], 'timeouts'],
    ['max_connections', ['maxConnections'], 'maxConnections'],
    ['HOSTHEADER', ['hostHeader'], 'hostHeader'],
    ['of', ['on', 'off'], 'off'],
    ['xyz', ['port', 'host'], null],
    ['t', ['to'], 'to'],
    ['', ['to'], null],
  ])('to %j among %j is %j', (word, known, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });
});

describe('the edit distance', () => {
  it.each([
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['prt', 'port', 1],
    ['porrt', 'port', 1],
    ['pork', 'port', 1],
    ['kitten', 'sitting', 3],
    ['abc', 'xyz', 3],
  ])('of %s and %s is %i', (a, b, distance) => {
    expect(editDistance(a, b, 9)).toBe(distance);
    expect(editDistance(b, a, 9)).toBe(distance);
  });

  it('is not counted beyond the limit', () => {
    expect(editDistance('a'.repeat(1000), 'b', 3)).toBe(3);
  });
});

describe('letters that look like digits', () => {
  it.each([
    ['3OO1', 'a letter O instead of a zero?'],
    ['3oo1', 'a letter O instead of a zero?'],
    ['300l', 'a letter l or I instead of a one?'],
    ['3001', null],
    ['lol', null],
    ['3001x', null],
  ])('%s', (text, expected) => {
    expect(lettersInNumber(text)).toBe(expected);
  });
});

describe('advice about an unknown key', () => {
  const route = ['to', 'strip', 'when', 'timeouts'];

  it.each([
    ['stirp', 'did you mean strip?'],
    ['proxy_pass', 'here it is called to'],
    ['methods', 'conditions stand below "when:"'],
    ['retries', 'retries is not supported by this version: remove it'],
    ['/sub', 'routes do not nest: write the whole path as a key of "routes:"'],
    ['constructor', 'the keys are to, strip, when, timeouts'],
    ['to:3001', 'a space is missing after the colon: to: 3001'],
  ])('%s', (key, hint) => {
    expect(adviseKey(key, route, 'a route', null)).toEqual({ expected: 'a key of a route', hint });
  });
});
