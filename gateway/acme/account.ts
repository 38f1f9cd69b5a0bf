/** The account at a directory: a P-256 key and its URL. */

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

export interface Account {
  readonly key: KeyObject;
  /** Where the directory keeps it; `null`: it is not registered there, or not known to be. */
  readonly url: string | null;
  /** The address that the directory has of us; `null`: none, or it is not known which. */
  readonly email: string | null;
}

/** RFC 7517, the members that RFC 7638 §3.2 requires of P-256 and no others, in their order. */
export interface PublicKey {
  readonly crv: 'P-256';
  readonly kty: 'EC';
  readonly x: string;
  readonly y: string;
}

export function publicKeyOf(key: KeyObject): PublicKey {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { crv: 'P-256', kty: 'EC', x, y };
}

/** RFC 8555 §8.1: proves that the holder of the account's key answers. */
export function keyAuthorization(token: string, key: KeyObject): string {
  const thumbprint = createHash('sha256')
    .update(JSON.stringify(publicKeyOf(key)))
    .digest('base64url');
  return `${token}.${thumbprint}`;
}
