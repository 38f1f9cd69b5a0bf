import { createLocalJWKSet, type JWK, type JWSHeaderParameters, type JWTVerifyGetKey } from 'jose';
import type { FileReading } from '../../followed-file.ts';

export const KEY_SET_FILE = 'a JSON Web Key Set (RFC 7517 §5)';

/** The public keys of an issuer at one time. */
export class KeySet {
  readonly #keys: readonly JWK[];
  /** Finds the key that a token names. */
  readonly find: JWTVerifyGetKey;

  constructor(keys: readonly JWK[]) {
    this.#keys = keys;
    this.find = createLocalJWKSet({ keys: [...keys] });
  }

  /** Whether the key that a token names may be one that the issuer has made since. */
  lacks({ kid }: JWSHeaderParameters): boolean {
    return kid !== undefined && !this.#keys.some((key) => key.kid === kid);
  }
}

/** Keys for signatures alone: symmetric ones are nothing that an issuer publishes, and no token may be checked by them. */
export function readKeySet(text: string): FileReading<KeySet> {
  const hint = 'it is what the issuer publishes as its jwks_uri: {"keys": [...]}';
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) return { ok: false, found: 'JSON without a list of keys', hint };
    const usable = (keys.slice(0, KEYS_MAX) as JWK[]).filter(isPublicKey);
    if (usable.length === 0) return { ok: false, found: 'no public key for signatures', hint };
    return { ok: true, value: new KeySet(usable) };
  } catch {
    return { ok: false, found: 'no JSON', hint };
  }
}

const KEYS_MAX = 100;

function isPublicKey(key: JWK | null): key is JWK {
  if (typeof key !== 'object' || key === null) return false;
  return ['RSA', 'EC', 'OKP'].includes(key.kty ?? '') && key.use !== 'enc';
}
