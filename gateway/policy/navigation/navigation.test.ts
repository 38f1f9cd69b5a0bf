import { describe, expect, test } from 'vitest';
import { type ExchangeOverrides, routedExchange, valuesOf } from '../../proof/testing/routed-exchange.ts';
import { redirectNavigation } from './navigation.ts';

const navigate = ['Sec-Fetch-Mode', 'navigate'];

describe('a browser that opens the prefix itself', () => {
  test.each<[string, ExchangeOverrides, string]>([
    ['/db', { target: '/db' }, '/db/'],
    ['/db?x=1', { target: '/db?x=1' }, '/db/?x=1'],
    ['in another spelling', { target: '/%64b' }, '/%64b/'],
    ['with HEAD', { target: '/db', method: 'HEAD' }, '/db/'],
    [
      'behind a trusted proxy that took a prefix off',
      { target: '/db', trust: ['192.0.2.7'], fields: [...navigate, 'X-Forwarded-Prefix', '/outer'] },
      '/outer/db/',
    ],
  ])('%s is sent one slash further', (_what, overrides, location) => {
    const answer = redirectNavigation(routedExchange({ fields: navigate, ...overrides }));
    expect(answer?.status).toBe(308);
    expect(valuesOf(answer?.fields ?? [], 'location')).toEqual([location]);
    expect(valuesOf(answer?.fields ?? [], 'vary')).toEqual(['Sec-Fetch-Mode']);
  });

  test.each<[string, ExchangeOverrides]>([
    ['below the prefix', { target: '/db/' }],
    ['by a script', { target: '/db', fields: ['Sec-Fetch-Mode', 'cors'] }],
    ['by another client', { target: '/db', fields: [] }],
    ['with POST', { target: '/db', method: 'POST' }],
    ['where the prefix is kept', { target: '/db', route: { strip: false } }],
    ['where the route has no prefix', { target: '/', path: '/' }],
    ['where a slash further is another route', { target: '/db', route: { exact: true } }],
  ])('is not redirected %s', (_what, overrides) => {
    expect(redirectNavigation(routedExchange({ fields: navigate, ...overrides }))).toBe(null);
  });
});
