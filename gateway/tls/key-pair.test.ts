import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../proof/testing/self-signed.ts';
import { createAuthority, issueCertificate } from './authority.ts';
import { readKeyPair } from './key-pair.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;
const authority = createAuthority('Test CA', 30, NOW);
const leaf = issueCertificate(authority, {
  names: ['Shop.test', '*.shop.test', '192.0.2.7', '2001:db8::7'],
  days: 20,
});
const other = issueCertificate(authority, { names: ['other.test'], days: 20 });
const chain = leaf.cert + authority.cert;
const locked = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
}).privateKey;

describe('a certificate and its key', () => {
  it('say for which names they are, and until when', () => {
    const reading = readKeyPair(chain, leaf.key, NOW);
    expect(reading).toMatchObject({ ok: true, warnings: [] });
    if (!reading.ok) return;
    expect(reading.pair.names).toEqual(['shop.test', '*.shop.test', '192.0.2.7', '2001:db8:0:0:0:0:0:7']);
    expect(Math.abs(reading.pair.notAfter - (NOW + 20 * DAY_MS))).toBeLessThan(DAY_MS);
  });

  it.each([
    ['swapped', leaf.key, leaf.cert, 'cert', 'a private key'],
    ['a key for a certificate', chain, chain, 'key', 'a certificate'],
    ['no PEM', 'hello', leaf.key, 'cert', 'no PEM text with BEGIN CERTIFICATE'],
    ['no key', chain, 'hello', 'key', 'no PEM text with BEGIN PRIVATE KEY'],
    [
      'a cut certificate',
      `${chain.slice(0, 200)}\n-----END CERTIFICATE-----\n`,
      leaf.key,
      'cert',
      /can't be read/,
    ],
    ['a cut key', chain, leaf.key.slice(0, 60), 'key', /can't be read/],
    ['a locked key', chain, locked, 'key', 'a key behind a passphrase'],
    ['the key of another', chain, other.key, 'key', 'the key of another certificate than shop.test'],
    [
      'a chain in the wrong order',
      authority.cert + leaf.cert,
      leaf.key,
      'cert',
      /a chain whose certificate 2 \(shop.test\) did not issue certificate 1/,
    ],
    ['a chain of strangers', leaf.cert + selfSigned('eve.test').cert, leaf.key, 'cert', /did not issue/],
    ['one without names', authority.cert, authority.key, 'cert', 'one without a subjectAltName (CN=Test CA)'],
  ])('are refused when they are %s', (_what, cert, key, of, found) => {
    expect(readKeyPair(cert, key, NOW)).toEqual({
      ok: false,
      fault: {
        of,
        found: typeof found === 'string' ? found : expect.stringMatching(found),
        hint: expect.any(String),
      },
    });
  });

  it.each([
    [
      'soon at its end',
      chain,
      NOW + 10 * DAY_MS,
      /^the certificate of shop.test expires on \d{4}-\d\d-\d\d: renew it$/,
    ],
    ['past its end', chain, NOW + 25 * DAY_MS, /^the certificate of shop.test has expired on/],
    ['not valid yet', chain, NOW - 2 * DAY_MS, /is not valid before .*: is the clock right\?$/],
    ['without its issuer', leaf.cert, NOW, /holds no certificate of its issuer \(CN=Test CA\)/],
  ])('are warned of when they are %s', (_what, cert, now, warning) => {
    expect(readKeyPair(cert, leaf.key, now)).toMatchObject({
      ok: true,
      warnings: [expect.stringMatching(warning)],
    });
  });
});
