import { describe, expect, test } from 'vitest';
import { CATALOG, type ErrorCode, GatewayError } from '../exchange/error-catalog.ts';
import type { EndpointAddress } from '../model/config.ts';
import type { ServiceStatus } from '../model/status.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { routeConfig } from '../proof/testing/route-config.ts';
import { serviceStatus as service } from '../proof/testing/status.ts';
import { advise, type Situation } from './advice.ts';

const NOW = Date.UTC(2026, 0, 1);

function advice(code: ErrorCode, overrides: Partial<Omit<Situation, 'error'>> = {}) {
  const error = new GatewayError(code, 'nothing moved for 5 ms');
  return advise({
    error,
    method: 'GET',
    endpoint: null,
    service: null,
    truth: null,
    nearest: [],
    routes: null,
    page: false,
    asker: null,
    askerFramework: null,
    target: '/',
    now: NOW,
    ...overrides,
  });
}

describe('what is said of a service that is not there', () => {
  test.each<[string, EndpointAddress | null, string]>([
    ['a bare port', localAddress(3001), 'Nothing listens on 3001.'],
    [
      'a host and port',
      localAddress(5432, { host: 'db.test', addresses: null }),
      'Nothing listens on db.test:5432.',
    ],
    ['a unix socket', { kind: 'unix', key: 'unix:/run/a', path: '/run/a' }, 'Nothing listens on /run/a.'],
    ['nobody knows where', null, 'Nothing listens there.'],
  ])('on %s', (_what, endpoint, sentence) => {
    const { happened, fix } = advice('connection_refused', { endpoint });
    expect(happened).toEqual([sentence]);
    expect(fix).toEqual([CATALOG.connection_refused.remedy]);
  });

  test.each<[string, Partial<ServiceStatus>, string]>([
    [
      'was not yet seen to end',
      {},
      'The service `db` was ready until now: it has just crashed, or it stopped listening.',
    ],
    ['starts', { state: 'starting' }, 'The service `db` is starting.'],
    [
      'crashed and comes back',
      { state: 'restarting', lastExit: { code: 1, signal: null, at: NOW - 2_400 } },
      'The service `db` exited with code 1 (2 seconds ago) and is being started again.',
    ],
    [
      'was killed',
      { state: 'stopped', lastExit: { code: null, signal: 'SIGKILL', at: NOW - 1_000 } },
      'The service `db` was ended by SIGKILL (1 second ago).',
    ],
    [
      'ended by a clock that went backwards',
      { state: 'stopped', lastExit: { code: 0, signal: null, at: NOW + 5_000 } },
      'The service `db` exited with code 0 (just now).',
    ],
  ])('and whose process %s', (_what, overrides, sentence) => {
    expect(advice('connection_refused', { service: service(overrides) }).happened[1]).toBe(sentence);
  });

  test.each<[string, Partial<ServiceStatus>, string, string, number]>([
    [
      'starts',
      { state: 'starting' },
      'db is starting',
      'Nothing listens there yet. This page goes on by itself when it does.',
      0,
    ],
    [
      'has crashed',
      { state: 'restarting', lastExit: { code: 1, signal: null, at: NOW - 2_400 } },
      'db has crashed',
      'It exited with code 1 (2 seconds ago) and is being started again.',
      1,
    ],
    [
      'can not start',
      { state: 'starting', obstacle: 'port 3001 is taken' },
      'db can’t start',
      'Its start is in vain: port 3001 is taken.',
      1,
    ],
  ])('and whose process %s: the page says that first', (_what, overrides, title, detail, remedies) => {
    const { heading, fix } = advice('connection_refused', { service: service(overrides) });
    expect(heading).toEqual({ title, detail });
    expect(fix).toHaveLength(remedies);
    expect(advice('response_timeout', { service: service(overrides) }).heading).toBeNull();
  });

  test.each<[string, Partial<ServiceStatus>, string]>([
    [
      'crashed',
      { state: 'restarting', lastExit: { code: 1, signal: null, at: NOW } },
      'The service `db` crashed while answering: it exited with code 1 (just now) and is being started again.',
    ],
    [
      'may have crashed',
      {},
      'The service `db` broke off while answering: it crashed, or it closed the connection itself.',
    ],
  ])('and whose process %s while it answered', (_what, overrides, sentence) => {
    for (const code of ['connection_terminated', 'answer_truncated'] as const)
      expect(advice(code, { service: service(overrides) }).happened).toEqual([sentence]);
  });

  test.each<[ErrorCode, string, boolean]>([
    ['connection_refused', 'GET', true],
    ['connection_terminated', 'GET', true],
    ['connection_refused', 'POST', false],
    ['no_route', 'GET', false],
  ])('%s of a %s: the page takes itself again: %s', (code, method, returns) => {
    expect(advice(code, { method }).returns).toBe(returns);
  });

  test('with its last words', () => {
    const lastOutput = ['listening', 'out of memory'];
    expect(advice('connection_refused', { service: service({ lastOutput }) }).lastOutput).toEqual(lastOutput);
  });
});

describe('what is said of other failures', () => {
  test.each<ErrorCode>(['response_timeout', 'bad_answer', 'internal'])(
    'of %s: the error’s own words first',
    (code) => {
      const { happened, fix } = advice(code);
      expect(happened).toEqual(['nothing moved for 5 ms.']);
      expect(fix).toEqual([CATALOG[code].remedy]);
    },
  );

  test.each<ErrorCode>(['no_route', 'bad_target', 'body_too_large'])(
    'of %s, the client’s own: the remedy alone',
    (code) => {
      const { happened, fix } = advice(code, { service: service() });
      expect(happened).toEqual([]);
      expect(fix).toEqual([CATALOG[code].remedy]);
    },
  );
});

describe('what may have been meant', () => {
  test.each([
    ['a path', null, '/db', { label: '/db', href: '/db' }],
    ['a host and path', 'shop.test', '/cart', { label: 'shop.test/cart', href: '//shop.test/cart' }],
    ['any host of a domain', '*.shop.test', '/cart', { label: '*.shop.test/cart', href: '/cart' }],
  ])('is shown as %s', (_what, host, path, link) => {
    expect(advice('no_route', { nearest: [routeConfig(path, { host })] }).nearest).toEqual([link]);
  });
});
