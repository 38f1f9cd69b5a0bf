import { describe, expect, test } from 'vitest';
import { type ErrorCode, GatewayError } from '../error/catalog.ts';
import { type Attempt, mayRetry, RetryBudget } from './retry.ts';

const may = (code: ErrorCode, wish: Partial<Attempt> = {}) =>
  mayRetry(new GatewayError(code, ''), {
    method: 'GET',
    hasBody: false,
    bodyBegun: false,
    reused: false,
    attempts: 1,
    elsewhere: false,
    ...wish,
  });

describe('where nothing was sent', () => {
  test.each<[ErrorCode, boolean]>([
    ['connection_refused', true],
    ['connection_timeout', true],
    ['destination_unroutable', true],
    ['dns_error', true],
    ['tls_error', true],
    ['queue_full', true],
    ['no_endpoint', true],
    ['response_timeout', false],
    ['bad_answer', false],
    ['answer_truncated', false],
    ['client_left', false],
    ['body_too_large', false],
    ['internal', false],
  ])('%s: another endpoint may be tried: %s', (code, expected) => {
    expect(may(code, { elsewhere: true })).toBe(expected);
    expect(may(code, { elsewhere: true, method: 'POST', hasBody: true })).toBe(expected);
    // Who refused a moment ago refuses still.
    expect(may(code, { elsewhere: false })).toBe(false);
  });

  test.each([
    ['whose body somebody has begun to read', { bodyBegun: true }],
    ['for the fourth time', { attempts: 3 }],
  ])('a request %s is not sent again', (_what, wish) => {
    expect(may('connection_refused', { elsewhere: true, ...wish })).toBe(false);
  });
});

describe('a kept connection that died', () => {
  test.each([
    ['GET', true],
    ['HEAD', true],
    ['OPTIONS', true],
    ['PUT', true],
    ['DELETE', true],
    ['QUERY', true],
    ['PROPFIND', true],
    ['POST', false],
    ['PATCH', false],
    ['LOCK', false],
    ['get', false],
  ])('%s may be sent again: %s', (method, expected) => {
    expect(may('connection_terminated', { method, reused: true })).toBe(expected);
  });

  test.each([
    ['on a new connection', { reused: false }],
    ['with a body', { hasBody: true }],
    ['whose body was begun', { hasBody: true, bodyBegun: true }],
    ['for the fourth time', { attempts: 3 }],
  ])('but not a request %s', (_what, wish) => {
    expect(may('connection_terminated', { reused: true, ...wish })).toBe(false);
  });

  test.each<ErrorCode>(['answer_truncated', 'bad_answer', 'response_timeout'])('nor after %s', (code) => {
    expect(may(code, { reused: true })).toBe(false);
  });
});

describe('the budget of retries', () => {
  test('has a small reserve', () => {
    const budget = new RetryBudget();
    const granted = Array.from({ length: 20 }, () => budget.spend()).filter(Boolean).length;
    expect(granted).toBe(10);
  });

  test('grants a storm one retry for five exchanges, and no more', () => {
    const budget = new RetryBudget();
    while (budget.spend());
    let granted = 0;
    for (let i = 0; i < 1_000; i++) {
      budget.earn();
      if (budget.spend()) granted++;
    }
    expect(granted).toBeGreaterThanOrEqual(199);
    expect(granted).toBeLessThanOrEqual(200);
  });

  test('does not grow beyond its reserve in quiet times', () => {
    const budget = new RetryBudget();
    for (let i = 0; i < 1_000; i++) budget.earn();
    const granted = Array.from({ length: 50 }, () => budget.spend()).filter(Boolean).length;
    expect(granted).toBe(10);
  });
});
