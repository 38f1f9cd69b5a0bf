/** A certificate with its chain, and the key that fits it. */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

export interface KeyPair {
  /** PEM: the certificate of the server first, then those that vouch for it. */
  readonly cert: string;
  /** PEM, without a passphrase. */
  readonly key: string;
  /** DNS names and IP addresses of the certificate, in lower case; `*.example.com` covers one label. */
  readonly names: readonly string[];
  /** When the first certificate of the chain ends, in milliseconds since the epoch. */
  readonly notAfter: number;
}

/** Why a pair can't be used: the finding, and what to do. */
interface KeyPairFault {
  readonly of: 'cert' | 'key';
  readonly found: string;
  readonly hint: string;
}

export type KeyPairReading =
  | { readonly ok: true; readonly pair: KeyPair; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly fault: KeyPairFault };

/** Reads both texts and holds them against each other. @param now milliseconds since the epoch */
export function readKeyPair(cert: string, key: string, now: number): KeyPairReading {
  const chain = readChain(cert);
  if ('of' in chain) return { ok: false, fault: chain };
  const secret = readKey(key);
  if ('of' in secret) return { ok: false, fault: secret };
  const [leaf] = chain;
  if (!leaf.checkPrivateKey(secret)) return { ok: false, fault: strangeKey(leaf) };
  const names = namesOf(leaf);
  if (names.length === 0) return { ok: false, fault: nameless(leaf) };
  const notAfter = Math.min(...chain.map(({ validToDate }) => validToDate.getTime()));
  const warnings = [expiryWarning(chain, now), chainWarning(chain)].filter((text) => text !== null);
  return { ok: true, pair: { cert, key, names, notAfter }, warnings };
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** @returns the server's certificate first */
function readChain(text: string): Chain | KeyPairFault {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) return unreadableChain(text);
  try {
    const [leaf, ...others] = blocks.map((block) => new X509Certificate(block));
    const chain: Chain = [leaf!, ...others];
    return brokenLink(chain) ?? chain;
  } catch (cause) {
    return certFault(`a certificate that can't be read (${messageOf(cause)})`, 'is the file whole?');
  }
}

function unreadableChain(text: string): KeyPairFault {
  if (text.includes('PRIVATE KEY-----')) return certFault('a private key', 'are cert and key swapped?');
  return certFault(
    'no PEM text with BEGIN CERTIFICATE',
    'a file in DER becomes PEM by: openssl x509 -inform der -in FILE -out FILE.pem',
  );
}

/** Clients follow the chain from certificate to certificate: each must be issued by the next. */
function brokenLink(chain: Chain): KeyPairFault | null {
  const at = chain.findIndex((one, index) => index > 0 && !chain[index - 1]!.checkIssued(one));
  if (at < 0) return null;
  const found = `a chain whose certificate ${at + 1} (${subjectOf(chain[at]!)}) did not issue certificate ${at} (${subjectOf(chain[at - 1]!)})`;
  return certFault(found, "the server's own certificate comes first, then each issuer in turn");
}

function readKey(text: string): KeyObject | KeyPairFault {
  if (!text.includes('PRIVATE KEY-----')) {
    const swapped = text.includes('BEGIN CERTIFICATE');
    return keyFault(
      swapped ? 'a certificate' : 'no PEM text with BEGIN PRIVATE KEY',
      swapped
        ? 'are cert and key swapped?'
        : 'name the file of the private key that belongs to the certificate',
    );
  }
  if (text.includes('ENCRYPTED'))
    return keyFault('a key behind a passphrase', 'take it off by: openssl pkey -in FILE -out FILE.open');
  try {
    return createPrivateKey(text);
  } catch (cause) {
    return keyFault(`a key that can't be read (${messageOf(cause)})`, 'is the file whole?');
  }
}

/** RFC 9110 §4.3.4 no longer allows the subject's common name, but certificates without other names are still in use. */
function namesOf(certificate: X509Certificate): string[] {
  const entries = certificate.subjectAltName?.split(', ') ?? [];
  const names = entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
  return names.map((name) => name.toLowerCase());
}

const DAY_MS = 86_400_000;

function expiryWarning(chain: Chain, now: number): string | null {
  for (const one of chain) {
    const until = one.validToDate.getTime();
    if (until <= now)
      return `the certificate of ${subjectOf(one)} has expired on ${dayOf(until)}: clients refuse it; renew it`;
    if (one.validFromDate.getTime() > now)
      return `the certificate of ${subjectOf(one)} is not valid before ${dayOf(one.validFromDate.getTime())}: is the clock right?`;
  }
  const until = Math.min(...chain.map(({ validToDate }) => validToDate.getTime()));
  if (until > now + SOON_DAYS * DAY_MS) return null;
  return `the certificate of ${subjectOf(chain[0])} expires on ${dayOf(until)}: renew it`;
}

const SOON_DAYS = 14;

/** Clients know only the roots: intermediate certificates must be sent. */
function chainWarning(chain: Chain): string | null {
  const last = chain.at(-1)!;
  if (last.checkIssued(last)) return null;
  const known = rootCertificates.some((root) => last.checkIssued(new X509Certificate(root)));
  if (known || chain.length > 1) return null;
  return `the file of ${subjectOf(last)} holds no certificate of its issuer (${last.issuer.replaceAll('\n', ', ')}): clients that don't know that one refuse it; append the issuer's chain`;
}

function subjectOf(certificate: X509Certificate): string {
  return namesOf(certificate)[0] ?? certificate.subject?.replaceAll('\n', ', ') ?? 'no name';
}

function strangeKey(leaf: X509Certificate): KeyPairFault {
  return keyFault(
    `the key of another certificate than ${subjectOf(leaf)}`,
    'cert and key must come from the same order',
  );
}

function nameless(leaf: X509Certificate): KeyPairFault {
  const found = `one without a subjectAltName (${leaf.subject?.replaceAll('\n', ', ') ?? 'no subject'})`;
  return certFault(
    found,
    'browsers look at nothing else (RFC 9110 §4.3.4): order one with the names of the hosts',
  );
}

function certFault(found: string, hint: string): KeyPairFault {
  return { of: 'cert', found, hint };
}

function keyFault(found: string, hint: string): KeyPairFault {
  return { of: 'key', found, hint };
}

function dayOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
