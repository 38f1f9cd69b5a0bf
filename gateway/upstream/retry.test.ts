import { describe, expect, test } from 'vitest';
import { type ErrorCode, GatewayError } from '../exchange/error-catalog.ts';
import { type Attempt, mayRetry, RetryBudget } from './retry.ts';

const may = (code: ErrorCode, overrides: Partial<Attempt> = {}) =>
  mayRetry(new GatewayError(code, ''), {
    method: 'GET',
    hasBody: false,
    bodyBegun: false,
    reused: false,
    outOfTry: false,
    attempts: 1,
    attemptsMax: 3,
    elsewhere: false,
    ...overrides,
  });

describe('where nothing was sent', () => {
  test.each<[ErrorCode, boolean]>([
    ['connection_refused', true],
    ['connection_timeout', true],
    ['destination_unroutable', true],
    ['dns_error', true],
    ['tls_error', true],
    ['certificate_refused', true],
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
    // An endpoint that refused a moment ago refuses still.
    expect(may(code, { elsewhere: false })).toBe(false);
  });

  test.each([
    ['whose body somebody has begun to read', { bodyBegun: true }],
    ['for the fourth time', { attempts: 3 }],
    ['at all, where the file says so', { attemptsMax: 1 }],
    ['for the third time, where twice is enough', { attempts: 2, attemptsMax: 2 }],
  ])('a request %s is not sent again', (_what, overrides) => {
    expect(may('connection_refused', { elsewhere: true, ...overrides })).toBe(false);
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
  ])('but not a request %s', (_what, overrides) => {
    expect(may('connection_terminated', { reused: true, ...overrides })).toBe(false);
  });

  test.each<ErrorCode>(['answer_truncated', 'bad_answer', 'response_timeout'])('nor after %s', (code) => {
    expect(may(code, { reused: true })).toBe(false);
  });
});

describe('an attempt that took too long', () => {
  const outOfTry = (overrides: Partial<Attempt>) => may('response_timeout', { outOfTry: true, ...overrides });

  test.each([
    ['GET', {}, true],
    ['DELETE', {}, true],
    ['POST', {}, false],
    ['PUT', { hasBody: true }, false],
    ['GET', { attempts: 3 }, false],
    ['GET', { elsewhere: true }, true],
  ])('%s %j may be sent again: %s', (method, overrides, expected) => {
    expect(outOfTry({ method, ...overrides })).toBe(expected);
  });
});

describe('the budget of retries', () => {
  /** How many of so many retries in a row are granted. */
  const granted = (budget: RetryBudget, attempts: number, share = 0.2, now = 0) =>
    Array.from({ length: attempts }, () => budget.spend(share, now)).filter(Boolean).length;

  test('grants a few where there is little to do', () => {
    const budget = new RetryBudget();
    expect(granted(budget, 20)).toBe(10);
  });

  test.each([
    [50, 0.2, 10],
    [100, 0.2, 20],
    [1_000, 0.2, 200],
    [1_000, 0.05, 50],
    [1_000, 1, 1_000],
    [1_000, 0, 0],
    [0, 0, 0],
  ])('grants of %d requests and a share of %d in all %d, the few among them', (requests, share, expected) => {
    const budget = new RetryBudget();
    let count = 0;
    for (let i = 0; i < requests; i++) {
      budget.requests.add(false, 0);
      if (budget.spend(share, 0)) count++;
    }
    expect(count + granted(budget, 50, share)).toBe(expected);
  });

  test('never multiplies a storm of any length by more than its share', () => {
    const budget = new RetryBudget();
    let count = 0;
    for (let now = 0; now < 60_000; now += 5) {
      budget.requests.add(false, now);
      if (budget.spend(0.2, now)) count++;
    }
    expect(count).toBeLessThanOrEqual(0.2 * 12_000);
    expect(count).toBeGreaterThan(0.19 * 12_000);
  });

  test('saves nothing up', () => {
    const budget = new RetryBudget();
    for (let i = 0; i < 1_000; i++) budget.requests.add(false, 0);
    expect(granted(budget, 500, 0.2, 10_000)).toBe(10);
    expect(granted(budget, 500, 0.2, 20_000)).toBe(10);
  });
});
