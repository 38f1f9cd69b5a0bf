import { describe, expect, it } from 'vitest';
import { isTrustedHost } from './host-guard.ts';

describe('isTrustedHost', () => {
  it.each([
    '127.0.0.1',
    '127.0.0.1:3900',
    '10.1.2.3:80',
    '[::1]:3900',
    '[::1]',
    'localhost',
    'LocalHost:3900',
    'gateway.internal',
    'Gateway.Internal:3900',
  ])('trusts %s', (host) => {
    expect(isTrustedHost(host, 'gateway.internal')).toBe(true);
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:3900',
    'localhost.evil.example',
    'evil.example#localhost',
    'localhost@evil.example',
    '127.0.0.1.evil.example',
    '127.1',
    '0x7f000001',
    'localhost:3900:1',
    '[localhost]',
    '[::1].evil.example',
    '127.0.0.1, evil.example',
  ])('does not trust %j', (host) => {
    expect(isTrustedHost(host, 'gateway.internal')).toBe(false);
  });

  it('trusts no name where none is configured', () => {
    expect(isTrustedHost('gateway.internal', null)).toBe(false);
  });
});
