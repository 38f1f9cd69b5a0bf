import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority, issueCertificate, selfSigned } from './authority.ts';
import { renewalIdentifier, signingRequest } from './signing-request.ts';

const authority = createAuthority('Authority of a test', 30);

test('a certificate is named by its authority’s key and its number', () => {
  const { cert } = issueCertificate(authority, { names: ['shop.example.test'], days: 30 });
  const [key, number] = renewalIdentifier(cert)!.split('.');
  expect(Buffer.from(number!, 'base64url').toString('hex').toUpperCase()).toBe(
    new X509Certificate(cert).serialNumber,
  );
  expect(Buffer.from(key!, 'base64url')).toHaveLength(20);
  expect(renewalIdentifier(issueCertificate(authority, { names: ['a.test'], days: 1 }).cert)).toMatch(
    `${key}.`,
  );
});

test('one that names no key of its authority has no such name', () => {
  expect(renewalIdentifier(selfSigned('a', ['a.test'], 1).cert)).toBe(null);
});

const openssl = spawnSync('openssl', ['version']).status === 0;
test.skipIf(!openssl)('a request is what openssl reads, and its signature holds', () => {
  const { key } = selfSigned('a', ['a.test'], 1);
  const input = signingRequest(['shop.example.test', 'b.example.test'], createPrivateKey(key));
  const { stdout, stderr } = spawnSync('openssl', ['req', '-inform', 'der', '-verify', '-noout', '-text'], {
    input,
  });
  expect(String(stderr) + String(stdout)).toMatch(/verify OK/i);
  expect(String(stdout)).toContain('DNS:shop.example.test, DNS:b.example.test');
});
