/** A certificate authority for development: signatures by node:crypto, in the form of RFC 5280. */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP, SocketAddress } from 'node:net';
import { bits, field, integer, objectIdentifier, octets, sequence, set, TRUE, time, utf8 } from './der.ts';

/** PEM of both. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  /** DNS names, `*.example.com` among them, and IP addresses. At least one. */
  readonly names: readonly string[];
  readonly days: number;
  /** Whether it is a client that shows it. Default: a server. */
  readonly client?: boolean;
  /** Milliseconds since the epoch; default: now. */
  readonly now?: number;
}

/** @param days how long it may vouch for others */
export function createAuthority(name: string, days: number, now = Date.now()): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [
    extension(BASIC_CONSTRAINTS, sequence(TRUE, integer(Buffer.from([0]))), true),
    // keyCertSign, cRLSign
    extension(KEY_USAGE, bits(Buffer.from([0x06]), 1), true),
    extension(SUBJECT_KEY_ID, octets(keyId(publicKey))),
  ];
  const validity = sequence(time(now - CLOCK_SKEW_MS), time(now + days * DAY_MS));
  const subject = distinguishedName(name);
  const cert = signed({ subject, issuer: subject, validity, publicKey, extensions }, privateKey);
  return { cert, key: pemOf(privateKey) };
}

/**
 * A self-signed certificate.
 * @param more extensions beside the names
 */
export function selfSigned(
  name: string,
  names: readonly string[],
  days: number,
  more: readonly Buffer[] = [],
): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const subject = distinguishedName(name);
  const validity = sequence(time(now - CLOCK_SKEW_MS), time(now + days * DAY_MS));
  const extensions = [alternativeNames(names), ...more];
  return {
    cert: signed({ subject, issuer: subject, validity, publicKey, extensions }, privateKey),
    key: pemOf(privateKey),
  };
}

export function issueCertificate(authority: Issued, options: LeafOptions): Issued {
  const { names, days, client = false, now = Date.now() } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuerKey = createPrivateKey(authority.key);
  const extensions = [
    extension(BASIC_CONSTRAINTS, sequence(), true),
    // digitalSignature
    extension(KEY_USAGE, bits(Buffer.from([0x80]), 7), true),
    extension(EXTENDED_KEY_USAGE, sequence(objectIdentifier(client ? CLIENT_AUTH : SERVER_AUTH))),
    alternativeNames(names),
    extension(AUTHORITY_KEY_ID, sequence(field(0, keyId(createPublicKey(issuerKey)), false))),
  ];
  const cert = signed(
    {
      subject: distinguishedName(names[0]!),
      issuer: subjectOf(authority.cert),
      validity: sequence(time(now - CLOCK_SKEW_MS), time(now + days * DAY_MS)),
      publicKey,
      extensions,
    },
    issuerKey,
  );
  return { cert, key: pemOf(privateKey) };
}

const DAY_MS = 86_400_000;
const CLOCK_SKEW_MS = 3_600_000;

const COMMON_NAME = '2.5.4.3';
export const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const SUBJECT_KEY_ID = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const AUTHORITY_KEY_ID = '2.5.29.35';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

interface Certificate {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly validity: Buffer;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280 §4.1 */
function signed({ subject, issuer, validity, publicKey, extensions }: Certificate, key: KeyObject): string {
  const algorithm = sequence(objectIdentifier(ECDSA_WITH_SHA256));
  const version3 = field(0, integer(Buffer.from([2])));
  const body = sequence(
    ...[version3, integer(serialNumber()), algorithm, issuer, validity, subject],
    publicKey.export({ type: 'spki', format: 'der' }),
    field(3, sequence(...extensions)),
  );
  const der = sequence(body, algorithm, bits(sign('sha256', body, key)));
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** Positive, and never the same (RFC 5280 §4.1.2.2). */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

/** @param names DNS names and IP addresses */
export function alternativeNames(names: readonly string[]): Buffer {
  return extension(SUBJECT_ALT_NAME, sequence(...names.map(generalName)));
}

export function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(objectIdentifier(id), ...(critical ? [TRUE] : []), octets(value));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier(COMMON_NAME), utf8(commonName))));
}

/** Of an authority that was made here: it has a common name and nothing else. */
function subjectOf(cert: string): Buffer {
  return distinguishedName(new X509Certificate(cert).subject!.replace(/^CN=/, ''));
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? field(2, Buffer.from(name), false) : field(7, addressBytes(name), false);
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = new SocketAddress({ address, family: 'ipv6' }).address.split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [before, behind] = [groups(head), groups(tail)];
  const zeros = new Array<number>(8 - before.length - behind.length).fill(0);
  return Buffer.from([...before, ...zeros, ...behind].flatMap((group) => [group >> 8, group & 0xff]));
}

/** RFC 5280 §4.2.1.2, method 1 for P-256: the SHA-1 of the point, which ends the key. */
function keyId(key: KeyObject): Buffer {
  const point = key.export({ type: 'spki', format: 'der' }).subarray(-65);
  return createHash('sha1').update(point).digest();
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}
