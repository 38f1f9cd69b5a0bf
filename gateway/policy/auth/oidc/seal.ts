import { createHash, hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import type { OidcSettings } from '../settings.ts';

/** What browsers and the Redis keep for us and can neither read nor change: JWE, `dir` with A256GCM (RFC 7516). */
export class Seal {
  readonly #key: Uint8Array;

  /** Workers and replicas of the same settings have the same key. @param use what is sealed for one use is nothing in another */
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

  /** What is opened was sealed by us; `null`: it was not. */
  async open<Content extends object>(text: string): Promise<Content | null> {
    try {
      const { plaintext } = await compactDecrypt(text, this.#key, ONLY);
      return JSON.parse(Buffer.from(plaintext).toString()) as Content;
    } catch (cause) {
      // What `jose` takes for a misuse of it is what somebody made up.
      if (cause instanceof errors.JOSEError || cause instanceof TypeError || cause instanceof DOMException)
        return null;
      throw cause;
    }
  }
}

const ONLY = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };

/** Routes of which these are the same share their sessions; who may pass is asked for each request. */
export function identityOf({ issuer, clientId, scopes, user }: OidcSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, clientId, scopes, user]))
    .digest('base64url');
}
