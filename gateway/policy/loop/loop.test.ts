import { describe, expect, test } from 'vitest';
import { routedExchange, valuesOf } from '../../proof/testing/routed-exchange.ts';
import { countForwards } from './loop.ts';

const exchange = (method: string, ...fields: string[]) => routedExchange({ method, fields });

describe('Max-Forwards on OPTIONS', () => {
  test.each([
    ['5', ['4']],
    ['1', ['0']],
  ])('%s counts down', (value, left) => {
    const options = exchange('OPTIONS', 'Accept', '*/*', 'MAX-forwards', value, 'X-A', '1');
    expect(countForwards(options)).toBe(null);
    expect(valuesOf(options.facts.kept, 'max-forwards')).toEqual(left);
    expect(options.facts.kept).toEqual(['Accept', '*/*', 'MAX-forwards', left[0], 'X-A', '1']);
  });

  test('0 is answered here', () => {
    const answer = countForwards(exchange('OPTIONS', 'Max-Forwards', '0'));
    expect(answer).toMatchObject({ status: 204, fields: ['Allow', expect.stringContaining('OPTIONS')] });
  });

  // It used to overwrite the name of the first field, so that the fields which we vouch for came in disorder.
  test('does no harm where the client nominates it for its connection', () => {
    const options = exchange('OPTIONS', 'Accept', '*/*', 'Connection', 'max-forwards', 'Max-Forwards', '5');
    expect(countForwards(options)).toBe(null);
    expect(options.facts.kept).toEqual(['Accept', '*/*']);
  });
});

describe('what leaves Max-Forwards alone', () => {
  test.each([
    ['another method', 'GET', '5'],
    ['another method with 0', 'GET', '0'],
    ['a value that is no number', 'OPTIONS', 'five'],
    ['a negative one', 'OPTIONS', '-1'],
    ['a huge one', 'OPTIONS', '99999999999999999999'],
    ['an empty one', 'OPTIONS', ''],
  ])('%s', (_what, method, value) => {
    const left = exchange(method, 'Max-Forwards', value);
    expect(countForwards(left)).toBe(null);
    expect(valuesOf(left.facts.kept, 'max-forwards')).toEqual([value]);
  });
});
