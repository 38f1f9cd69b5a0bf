/** RFC 8555 §8.3. Alone here: what reads a configuration does no cryptography. */
export const CHALLENGE_PREFIX = '/.well-known/acme-challenge/';
