import { describe, expect, test } from 'vitest';
import {
  type ForwardedClaims,
  isForwardingField,
  NO_CLAIMS,
  originOf,
  pushForwardedFields,
  TrustedPeers,
} from './forwarded.ts';

const PROXY = '10.0.0.1';
const trust = new TrustedPeers(['10.0.0.0/8', '192.0.2.99', '2001:db8:1::/48', '::1']);
const claims = (some: Partial<ForwardedClaims>): ForwardedClaims => ({ ...NO_CLAIMS, ...some });
const origin = (some: Partial<ForwardedClaims>, address = PROXY, secure = false) =>
  originOf({ address, secure }, trust, 'gateway.test:3000', claims(some));

describe('fields that say where a request came from', () => {
  test.each([
    ['x-forwarded-for', true],
    ['x-forwarded-host', true],
    ['x-forwarded-proto', true],
    ['x-forwarded-port', true],
    ['x-forwarded-prefix', true],
    ['x-real-ip', true],
    ['forwarded', true],
    ['x_forwarded_for', true],
    ['x-forwarded_for', true],
    ['x_real_ip', true],
    ['x-forwarded-server', true],
    ['x_forwarded_user', true],
    ['x-forwarded_client_cert', true],
    ['x-forward', false],
    ['x_forwarded', false],
    ['_forwarded', false],
    ['x-real-ip_', false],
    ['cookie', false],
  ])('%s: %s', (name, is) => {
    expect(isForwardingField(name)).toBe(is);
  });
});

describe('peers that are trusted', () => {
  test.each([
    ['10.1.2.3', true],
    ['11.0.0.1', false],
    ['192.0.2.99', true],
    ['192.0.2.98', false],
    ['2001:db8:1::5', true],
    ['2001:DB8:1:0::5', true],
    ['2001:db8:2::5', false],
    ['::1', true],
    ['::ffff:10.1.2.3', true],
    ['::ffff:11.0.0.1', false],
    ['fe80::1%eth0', false],
    ['unknown', false],
    ['', false],
  ])('%s: %s', (address, trusted) => {
    expect(trust.includes(address)).toBe(trusted);
  });

  test('are none without a configuration', () => {
    expect(new TrustedPeers([]).includes('127.0.0.1')).toBe(false);
  });
});

describe('the client in a chain', () => {
  test.each([
    ['nobody claims anything', null, PROXY],
    ['one hop', '198.51.100.1', '198.51.100.1'],
    ['the last that is not ours', '203.0.113.5, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['what stands before it may be invented', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
    ['all are ours', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['spaces and tabs', ' \t198.51.100.1\t ', '198.51.100.1'],
    ['an IPv4 address with a port', '198.51.100.1:1234', '198.51.100.1'],
    ['an IPv6 address', '2001:db8::7', '2001:db8::7'],
    ['in brackets', '[2001:db8::7]', '2001:db8::7'],
    ['in brackets with a port', '[2001:db8::7]:443', '2001:db8::7'],
    ['a word where an address belongs', 'unknown', PROXY],
    ['a word behind a hop of ours', 'unknown, 10.0.0.2', '10.0.0.2'],
    ['an empty element', '198.51.100.1, ', PROXY],
    ['an attempt at a header of its own', '198.51.100.1"\u00a0X-A: 1', PROXY],
    ['an unclosed bracket', '[2001:db8::7', PROXY],
  ])('%s', (_what, chain, client) => {
    expect(origin({ for: chain }).client).toBe(client);
  });
});

describe('what a trusted peer claims', () => {
  test('is believed where it is plausible', () => {
    const seen = origin({
      host: 'shop.test:8443',
      proto: 'https',
      port: '443',
      prefix: '/outer/',
      for: '198.51.100.1',
    });
    expect(seen).toMatchObject({
      client: '198.51.100.1',
      proto: 'https',
      authority: 'shop.test:8443',
      port: '443',
      outerPrefix: '/outer',
      chainFor: '198.51.100.1',
    });
  });

  test.each<[string, Partial<ForwardedClaims>, object]>([
    [
      'the first of a list',
      { host: 'a.test, b.test', proto: 'https, http' },
      { authority: 'a.test', proto: 'https' },
    ],
    ['the port of the claimed host', { host: 'a.test:8443' }, { port: '8443' }],
    ['the port of the claimed scheme', { host: 'a.test', proto: 'https' }, { port: '443' }],
    ['an IPv6 host', { host: '[2001:db8::1]:80' }, { authority: '[2001:db8::1]:80', port: '80' }],
  ])('%s counts', (_what, some, seen) => {
    expect(origin(some)).toMatchObject(seen);
  });

  test.each<[string, Partial<ForwardedClaims>, object]>([
    ['a host with a path', { host: 'a.test/b' }, { authority: 'gateway.test:3000' }],
    ['a host with a user', { host: 'u@a.test' }, { authority: 'gateway.test:3000' }],
    ['a host with a quote', { host: 'a.test";proto=https' }, { authority: 'gateway.test:3000' }],
    ['an empty host', { host: '' }, { authority: 'gateway.test:3000' }],
    ['another scheme', { proto: 'javascript' }, { proto: 'http' }],
    ['a port of letters', { port: '80a' }, { port: '3000' }],
    ['a port of six digits', { port: '123456' }, { port: '3000' }],
    ['a prefix that is another origin', { prefix: '//evil.test' }, { outerPrefix: '' }],
    ['a prefix without a slash', { prefix: 'outer' }, { outerPrefix: '' }],
    ['a prefix with a query', { prefix: '/a?b' }, { outerPrefix: '' }],
    ['the root as a prefix', { prefix: '/' }, { outerPrefix: '' }],
  ])('%s does not', (_what, some, seen) => {
    expect(origin(some)).toMatchObject(seen);
  });
});

describe('what a trusted peer says by Forwarded alone', () => {
  test.each<[string, string, object]>([
    [
      'its own element',
      'for=198.51.100.1;host=shop.test:8443;proto=https',
      { client: '198.51.100.1', proto: 'https', authority: 'shop.test:8443', port: '8443' },
    ],
    [
      'the one of the hop before, where that is ours',
      'for=203.0.113.5;host=evil.test, For="198.51.100.1";Proto=HTTPS;host="shop.test";by=_a , for=10.0.0.2;host=inner.test;proto=http',
      { client: '198.51.100.1', proto: 'https', authority: 'shop.test', chainFor: '198.51.100.1, 10.0.0.2' },
    ],
    ['IPv6 in brackets, with a port', 'for="[2001:db8::7]:4711"', { client: '2001:db8::7' }],
    ['IPv6 in brackets without quotes', 'for=[2001:db8::7]', { client: '2001:db8::7' }],
    ['a port that is hidden', 'for="198.51.100.1:_a"', { client: '198.51.100.1' }],
    ['escapes', 'for="198.\\51.100.1"', { client: '198.51.100.1' }],
    ['a name of its own', 'for=9.9.9.9, for=_SEVKISEK;proto=https', { client: PROXY, proto: 'https' }],
    [
      'nobody',
      'for=9.9.9.9, for=unknown, for=10.0.0.2',
      { client: '10.0.0.2', chainFor: 'unknown, 10.0.0.2' },
    ],
    ['no for', 'for=9.9.9.9, proto=https', { client: PROXY, proto: 'https' }],
    ['empty elements', 'for=198.51.100.1,, ,', { client: '198.51.100.1' }],
    ['a quote that a client leaves open', 'for="9.9.9.9, for=198.51.100.1', { client: '198.51.100.1' }],
    [
      'a quote that a client leaves to close to a proxy',
      'for=9.9.9.9;a=", for="[2001:db8::7]";host="shop.test"',
      { client: '2001:db8::7', authority: 'shop.test' },
    ],
    ['a comma in quotes', 'for=198.51.100.1;by="_a, for=9.9.9.9"', { client: '198.51.100.1' }],
    ['a quote in quotes', 'for=198.51.100.1;by="_\\", for=9.9.9.9"', { client: '198.51.100.1' }],
    [
      'a parameter twice',
      'for=9.9.9.9;for=198.51.100.1;host=evil.test',
      { client: PROXY, authority: 'gateway.test:3000' },
    ],
    ['no pair', 'for=9.9.9.9;x;proto=https', { client: PROXY, proto: 'http' }],
    ['a host that is none', 'for=198.51.100.1;host="a.test/b"', { authority: 'gateway.test:3000' }],
    ['another scheme', 'for=198.51.100.1;proto=javascript', { proto: 'http' }],
  ])('%s', (_what, forwarded, seen) => {
    expect(origin({ forwarded })).toMatchObject(seen);
  });

  test.each<Partial<ForwardedClaims>>([{ for: '198.51.100.1' }, { proto: 'http' }, { prefix: '/a' }])(
    'counts for nothing beside %j, which a proxy may write while it lets a Forwarded of its client through',
    (said) => {
      const { client, authority, proto } = origin({
        ...said,
        forwarded: 'for=9.9.9.9;host=evil.test;proto=https',
      });
      expect([client, authority, proto]).toEqual([said.for ?? PROXY, 'gateway.test:3000', 'http']);
    },
  );

  test('is read once, however long it is', () => {
    const forwarded = `${'"\\,'.repeat(4_000)}, ${'for=10.0.0.2, '.repeat(1_000)}`;
    expect(origin({ forwarded }).client).toBe('10.0.0.2');
  });
});

describe('what anybody else claims', () => {
  test.each([
    ['over plain HTTP', false, 'http'],
    ['over TLS', true, 'https'],
  ])('counts for nothing %s', (_what, secure, proto) => {
    const all = {
      for: '127.0.0.1',
      host: 'evil.test',
      proto: 'ftp',
      port: '1',
      prefix: '/evil',
      forwarded: 'for=127.0.0.1',
    };
    expect(origin(all, '198.51.100.9', secure)).toEqual({
      client: '198.51.100.9',
      proto,
      authority: 'gateway.test:3000',
      port: '3000',
      outerPrefix: '',
      chainFor: null,
      chainForwarded: null,
    });
  });
});

describe('what the service is told', () => {
  const told = (address: string, some: Partial<ForwardedClaims> = {}, prefix = '') => {
    const out: string[] = [];
    pushForwardedFields(out, { address, secure: false }, origin(some, address), prefix);
    return Object.fromEntries(Array.from({ length: out.length / 2 }, (_, i) => [out[i * 2], out[i * 2 + 1]]));
  };

  test('of a client', () => {
    expect(told('198.51.100.9', {}, '/db')).toEqual({
      'X-Forwarded-For': '198.51.100.9',
      'X-Forwarded-Host': 'gateway.test:3000',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Port': '3000',
      'X-Forwarded-Prefix': '/db',
      'X-Real-IP': '198.51.100.9',
      Forwarded: 'for=198.51.100.9;host="gateway.test:3000";proto=http',
    });
  });

  test('of a client behind a trusted proxy', () => {
    const some = { for: '198.51.100.9', forwarded: 'for=198.51.100.9', prefix: '/outer', host: 'shop.test' };
    expect(told(PROXY, some, '/db')).toMatchObject({
      'X-Forwarded-For': `198.51.100.9, ${PROXY}`,
      'X-Forwarded-Host': 'shop.test',
      'X-Forwarded-Prefix': '/outer/db',
      'X-Real-IP': '198.51.100.9',
      Forwarded: `for=198.51.100.9, for=${PROXY};host="shop.test";proto=http`,
    });
  });

  test('of an IPv6 client, in quotes and brackets where RFC 7239 wants them', () => {
    const fields = told('2001:db8::7');
    expect(fields['X-Forwarded-For']).toBe('2001:db8::7');
    expect(fields.Forwarded).toBe('for="[2001:db8::7]";host="gateway.test:3000";proto=http');
  });

  test('of a client behind a trusted proxy that says Forwarded alone', () => {
    const forwarded = 'for=9.9.9.9, for=198.51.100.9;host=shop.test;proto=https';
    expect(told(PROXY, { forwarded })).toMatchObject({
      'X-Forwarded-For': `198.51.100.9, ${PROXY}`,
      'X-Forwarded-Host': 'shop.test',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Port': '443',
      'X-Real-IP': '198.51.100.9',
      Forwarded: `${forwarded}, for=${PROXY};host="shop.test";proto=https`,
    });
  });

  // nginx, HAProxy and load balancers say X-Forwarded-For alone; Spring reads Forwarded first, and took them for the client.
  test.each([
    ['9.9.9.9', 'for=9.9.9.9'],
    ['2001:db8::7, 9.9.9.9:80', 'for="[2001:db8::7]", for=9.9.9.9'],
    ['evil";proto=https, 9.9.9.9', 'for=unknown, for=9.9.9.9'],
    [`${'1.1.1.1,'.repeat(5_000)}9.9.9.9`, `for=unknown, ${'for=1.1.1.1, '.repeat(31)}for=9.9.9.9`],
    ['1.2.3.4,, ,', 'for=1.2.3.4'],
  ])(
    'name the hops of X-Forwarded-For in Forwarded where a trusted peer says no Forwarded: %s',
    (chain, hops) => {
      const { Forwarded } = told(PROXY, { for: chain });
      expect(Forwarded).toBe(`${hops}, for=${PROXY};host="gateway.test:3000";proto=http`);
    },
  );

  test('no prefix where none was stripped', () => {
    expect(told('198.51.100.9')).not.toHaveProperty('X-Forwarded-Prefix');
  });
});
