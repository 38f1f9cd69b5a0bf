import { createHmac, randomBytes } from 'node:crypto';

/**
 * What secrets are remembered and found by: HMAC-SHA-256 with a key that is as old as the process. Memory that leaks shows no secret, and
 * the time of a look-up tells nothing of what is in the table.
 */
export class Fingerprints {
  readonly #key = randomBytes(32);

  of(secret: string): string {
    return createHmac('sha256', this.#key).update(secret).digest('latin1');
  }
}
