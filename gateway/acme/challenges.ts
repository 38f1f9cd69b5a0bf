import { createHash } from 'node:crypto';
import { extension, type Issued, selfSigned } from '../tls/authority.ts';
import { octets } from '../tls/der.ts';
import { CHALLENGE_PREFIX } from './challenge-path.ts';

export type ChallengeType = 'http-01' | 'tls-alpn-01';

/** A challenge of a directory to prove control of a name. Plain data, since it goes to workers. */
export interface OutstandingChallenge {
  readonly type: ChallengeType;
  readonly name: string;
  readonly token: string;
  /** The key authorization (RFC 8555 §8.1). */
  readonly answer: string;
}

/** Those that are outstanding now: each process that takes connections can answer them. */
export class Challenges {
  readonly #byToken = new Map<string, string>();
  readonly #byName = new Map<string, Issued>();

  /** From now on these, and no others. */
  set(outstanding: readonly OutstandingChallenge[]): void {
    this.#byToken.clear();
    this.#byName.clear();
    for (const { type, name, token, answer } of outstanding) {
      if (type === 'http-01') this.#byToken.set(token, answer);
      else this.#byName.set(name, challengeCertificate(name, answer));
    }
  }

  /** RFC 8555 §8.3. `null`: it is a path like any other. */
  httpAnswer(path: string): string | null {
    if (this.#byToken.size === 0 || !path.startsWith(CHALLENGE_PREFIX)) return null;
    return this.#byToken.get(path.slice(CHALLENGE_PREFIX.length)) ?? null;
  }

  /** Whether a handshake may be a validation (RFC 8737). */
  get awaitsHandshakes(): boolean {
    return this.#byName.size > 0;
  }

  certificateFor(name: string): Issued | undefined {
    return this.#byName.get(name.toLowerCase());
  }
}

/** RFC 8737 §3: the digest of the answer stands in an extension that a client must understand. */
function challengeCertificate(name: string, answer: string): Issued {
  const digest = octets(createHash('sha256').update(answer).digest());
  return selfSigned('Portway challenge', [name], DAYS, [extension(ACME_IDENTIFIER, digest, true)]);
}

/** The protocol's name in ALPN (RFC 8737 §4). */
export const ACME_TLS = 'acme-tls/1';
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31';
const DAYS = 7;
