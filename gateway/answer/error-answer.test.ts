import { describe, expect, test } from 'vitest';
import { CATALOG, type ErrorCode, GatewayError } from '../exchange/error-catalog.ts';
import { valuesOf } from '../proof/testing/routed-exchange.ts';
import { type Advice, errorAnswer } from './error-answer.ts';

const SECRET = 'connect ECONNREFUSED 10.1.2.3:5432';
const CODES = Object.keys(CATALOG) as ErrorCode[];
const ADVICE: Advice = {
  heading: null,
  happened: [],
  returns: false,
  fix: ['Nothing listens on 3001.', 'Start the service.'],
  nearest: [{ label: '/db', href: '/db' }],
  directory: null,
  home: null,
  lastOutput: ['listening', '<script>crash</script>'],
};

const answer = (code: ErrorCode, accept = '', advice: Advice | null = null) =>
  errorAnswer(new GatewayError(code, SECRET), { requestId: 'id-1', accept, advice });

describe('an error answer', () => {
  test.each(CODES)('of %s is problem+json, and tells nothing of what lies behind the gateway', (code) => {
    const { status, fields, body } = answer(code);
    const { title, detail, type, retryAfter } = CATALOG[code];
    expect(status).toBe(CATALOG[code].status);
    expect(JSON.parse(String(body))).toEqual({
      type: `urn:portway:error:${code}`,
      title,
      status,
      detail,
      code,
      requestId: 'id-1',
    });
    expect(valuesOf(fields, 'content-type')).toEqual(['application/problem+json']);
    expect(valuesOf(fields, 'content-length')).toEqual([String(body.length)]);
    expect(valuesOf(fields, 'cache-control')).toEqual(['no-store']);
    expect(valuesOf(fields, 'proxy-status')).toEqual([`portway; error=${type}`]);
    expect(valuesOf(fields, 'x-request-id')).toEqual(['id-1']);
    expect(valuesOf(fields, 'vary')).toEqual(['Accept']);
    expect(valuesOf(fields, 'retry-after')).toEqual(retryAfter === undefined ? [] : [String(retryAfter)]);
    expect(valuesOf(fields, 'allow').length).toBe(status === 405 ? 1 : 0);
    expect(fields.join() + body).not.toContain('10.1.2.3');
  });

  test('says when to come back, where the error itself knows', () => {
    const error = new GatewayError('breaker_open', SECRET, { retryAfter: 7 });
    const { fields } = errorAnswer(error, { requestId: 'id-1', accept: '', advice: null });
    expect(valuesOf(fields, 'retry-after')).toEqual(['7']);
  });

  test.each([
    ['', 'application/problem+json'],
    ['*/*', 'application/problem+json'],
    ['application/json', 'application/problem+json'],
    ['text/html', 'text/html; charset=utf-8'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8'],
    ['text/html;q=0.5, application/json', 'application/problem+json'],
    ['image/png', 'application/problem+json'],
    ['text/html;q=0', 'application/problem+json'],
    [', ;;q=x,, text/', 'application/problem+json'],
  ])('to Accept: %j is %s', (accept, type) => {
    const { fields, body } = answer('connection_refused', accept);
    expect(valuesOf(fields, 'content-type')).toEqual([type]);
    expect(valuesOf(fields, 'content-length')).toEqual([String(body.length)]);
  });

  test('as a page tells no more than that, lets no script run and is not stored', () => {
    const { fields, body } = answer('connection_refused', 'text/html');
    expect(String(body)).toContain(CATALOG.connection_refused.title);
    expect(String(body)).toContain('id-1');
    expect(String(body)).not.toContain('10.1.2.3');
    expect(valuesOf(fields, 'content-security-policy').join()).toContain("default-src 'none'");
    expect(valuesOf(fields, 'cache-control').join()).toContain('no-store');
  });
});

describe('in development', () => {
  test('it says what was tried and what to do', () => {
    const problem = JSON.parse(String(answer('connection_refused', '', ADVICE).body));
    expect(problem).toMatchObject({ fix: ADVICE.fix, nearest: ['/db'], lastOutput: ADVICE.lastOutput });
  });

  test('a page says so too, and nothing in it runs', () => {
    const page = String(answer('connection_refused', 'text/html', ADVICE).body);
    for (const text of [...ADVICE.fix, '/db', 'listening']) expect(page).toContain(text);
    expect(page).not.toContain('<script>crash');
  });

  test.each<[ErrorCode, boolean]>([
    ['bad_target', true],
    ['no_route', true],
    ['connection_refused', false],
    ['internal', false],
  ])('the detail of %s has the error’s own words: %s', (code, own) => {
    const { detail } = JSON.parse(String(answer(code, '', ADVICE).body));
    expect(detail.includes(SECRET)).toBe(own);
  });

  test('the detail of a client’s own mistake is left out in production', () => {
    expect(JSON.parse(String(answer('bad_target').body)).detail).toBe(CATALOG.bad_target.detail);
  });
});
