/** Certificate signing requests (PKCS #10, RFC 2986), and the identifier of a certificate for its authority (RFC 9773). */

import { createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { alternativeNames, ECDSA_WITH_SHA256 } from './authority.ts';
import { bits, field, integer, objectIdentifier, sequence, set } from './der.ts';

/** DER. The names stand in an extension alone (RFC 8555 §7.4). @param key of P-256 */
export function signingRequest(names: readonly string[], key: KeyObject): Buffer {
  const extensions = sequence(alternativeNames(names));
  const body = sequence(
    integer(Buffer.from([0])),
    sequence(),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    field(0, sequence(objectIdentifier(EXTENSION_REQUEST), set(extensions))),
  );
  const signature = bits(sign('sha256', body, key));
  return sequence(body, sequence(objectIdentifier(ECDSA_WITH_SHA256)), signature);
}

/** RFC 9773 §4.1: the identifier of its authority's key, and its number. `null`: it names no such key. @param cert PEM */
export function renewalIdentifier(cert: string): string | null {
  const { raw, serialNumber } = new X509Certificate(cert);
  const at = raw.indexOf(AUTHORITY_KEY_IDENTIFIER);
  if (at < 0) return null;
  // OCTET STRING { SEQUENCE { [0] identifier: each of the three has a length below 128.
  const inside = raw.subarray(at + AUTHORITY_KEY_IDENTIFIER.length);
  const [octets, , constructed, , tag, length = 0] = inside;
  if (octets !== 0x04 || constructed !== 0x30 || tag !== 0x80 || length > 127) return null;
  const key = inside.subarray(6, 6 + length);
  return `${key.toString('base64url')}.${serialBytes(serialNumber).toString('base64url')}`;
}

/** As DER has them: a number that is not negative has no leading one bit. */
function serialBytes(hex: string): Buffer {
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const AUTHORITY_KEY_IDENTIFIER = objectIdentifier('2.5.29.35');
