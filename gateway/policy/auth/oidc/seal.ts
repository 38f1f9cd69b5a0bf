import { createHash, hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import type { OidcSettings } from '../settings.ts';

/** Seals what browsers and the Redis store for us, so that they can neither read nor change it: JWE, `dir` with A256GCM (RFC 7516). */
export class Seal {
  readonly #key: Uint8Array;

  /** Workers and replicas with the same settings have the same key. @param use a text sealed for one use can't be opened for another */
  constructor(settings: OidcSettings, use: 'session' | 'stored' | 'login') {
    const secret = settings.sessionKey ?? settings.clientSecret;
    const info = `portway oidc ${use} ${identityOf(settings)}`;
    this.#key = new Uint8Array(hkdfSync('sha256', secret, '', info, 32));
  }

  seal(content: object): Promise<string> {
    return new CompactEncrypt(Buffer.from(JSON.stringify(content)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(this.#key);
  }

  /** The content, authenticated as ours; `null`: it is not ours. */
  async open<Content extends object>(text: string): Promise<Content | null> {
    try {
      const { plaintext } = await compactDecrypt(text, this.#key, ONLY);
      return JSON.parse(Buffer.from(plaintext).toString()) as Content;
    } catch (cause) {
      // `jose` throws these for forged texts.
      if (cause instanceof errors.JOSEError || cause instanceof TypeError || cause instanceof DOMException)
        return null;
      throw cause;
    }
  }
}

const ONLY = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };

/** Routes with equal identity share sessions; each request is authorised by its own route. */
export function identityOf({ issuer, clientId, scopes, user }: OidcSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, clientId, scopes, user]))
    .digest('base64url');
}
