import { expect, test } from 'vitest';
import { hostOf, isAuthority } from './authority.ts';

test.each([
  ['Shop.Localhost:3000', 'shop.localhost'],
  ['shop.localhost', 'shop.localhost'],
  ['shop.localhost.', 'shop.localhost'],
  ['shop.localhost.:80', 'shop.localhost'],
  ['h:', 'h'],
  ['127.0.0.1:3000', '127.0.0.1'],
  ['[::1]:3000', '[::1]'],
  ['[FE80::1]', '[fe80::1]'],
])('routes for %s are looked up under %s', (authority, host) => {
  expect(hostOf(authority)).toBe(host);
});

test.each([
  ['h', true],
  ['h:80', true],
  ['h:', true],
  ['a-b_c.d~e', true],
  ['[::1]:65535', true],
  ['', false],
  [':80', false],
  ['h:65536', false],
  ['h:100000', false],
  ['h:+80', false],
  ['h/x', false],
  ['u@h', false],
  ['h h', false],
  ['h,h', false],
  ['[::1]x', false],
])('%j as a host and port: %s', (text, valid) => {
  expect(isAuthority(text)).toBe(valid);
});
