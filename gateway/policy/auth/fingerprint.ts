import { createHmac, randomBytes } from 'node:crypto';

/**
 * Keys under which secrets are remembered: HMAC-SHA-256 with a random key of the process. Leaked memory shows no secret, and the time of a
 * look-up tells nothing about the table.
 */
export class Fingerprints {
  readonly #key = randomBytes(32);

  of(secret: string): string {
    return createHmac('sha256', this.#key).update(secret).digest('latin1');
  }
}
