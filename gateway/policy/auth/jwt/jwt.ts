import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { GatewayError } from '../../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../../fields/exchange.ts';
import { BoundedTable } from '../../bounded-table.ts';
import { FollowedFile } from '../../followed-file.ts';
import type { KeptStates } from '../../kept.ts';
import { authorization, quoted, unauthenticated } from '../credentials.ts';
import { Fingerprints } from '../fingerprint.ts';
import type { Authenticator, Outcome } from '../kind.ts';
import { Outbound } from '../outbound.ts';
import type { JwtSettings } from '../settings.ts';
import { missingClaims, missingScopes, userOf } from './claims.ts';
import { FetchedKeys, type KeySource } from './fetched-keys.ts';
import { type KeySet, readKeySet } from './key-set.ts';

/** The result of verifying a token, and how long it holds. */
interface Known {
  readonly outcome: Outcome;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** A signed token of an issuer (RFC 7519), as a bearer token (RFC 6750). */
export class JwtAuthenticator implements Authenticator {
  readonly #settings: JwtSettings;
  readonly #source: KeySource;
  readonly #release: () => void;
  readonly #fingerprints = new Fingerprints();
  readonly #known = new BoundedTable<Known>(4096);
  /** By which keys they were verified: other keys, other verdicts. */
  #keys: KeySet | null = null;

  /** @throws PolicyError */
  static async open(settings: JwtSettings, kept: KeptStates): Promise<JwtAuthenticator> {
    const { source, release } = await openSource(settings.jwks, kept);
    return new JwtAuthenticator(settings, source, release);
  }

  private constructor(settings: JwtSettings, source: KeySource, release: () => void) {
    this.#settings = settings;
    this.#source = source;
    this.#release = release;
  }

  check({ facts }: RoutedExchange): Outcome | Promise<Outcome> {
    const token = authorization(facts.kept, 'bearer');
    if (token === undefined) return unauthenticated('no bearer token', 'Bearer realm="Portway"');
    if (token === null) return invalid('several Authorization fields');
    const keys = this.#source.current();
    if (keys instanceof Promise) return keys.then((fetched) => this.#check(token, fetched));
    return this.#check(token, keys);
  }

  close(): void {
    this.#release();
  }

  #check(token: string, keys: KeySet | null): Outcome | Promise<Outcome> {
    if (keys !== this.#keys) {
      this.#known.clear();
      this.#keys = keys;
    }
    const mark = this.#fingerprints.of(token);
    const known = this.#known.get(mark);
    if (known !== undefined && Date.now() < known.until) return known.outcome;
    if (keys === null) return NO_KEYS;
    return this.#verify(token, keys, mark);
  }

  async #verify(token: string, keys: KeySet, mark: string): Promise<Outcome> {
    try {
      const header = decodeProtectedHeader(token);
      const newer = keys.lacks(header) ? await this.#source.renewed(header) : null;
      const payload = await this.#verified(token, newer ?? keys);
      const outcome = this.#outcomeOf(payload);
      const until = (payload.exp! + this.#settings.toleranceMs / 1000) * 1000;
      if ((newer ?? keys) === this.#keys) this.#known.set(mark, { outcome, until });
      return outcome;
    } catch (cause) {
      if (cause instanceof errors.JOSEError) return invalid(reasonOf(cause));
      // `jose` throws these for invalid tokens and keys that do not fit.
      if (cause instanceof TypeError || cause instanceof DOMException)
        return invalid('no token of the issuer');
      throw cause;
    }
  }

  async #verified(token: string, keys: KeySet): Promise<JWTPayload> {
    const { issuer, audience, algorithms, toleranceMs } = this.#settings;
    const { payload } = await jwtVerify(token, keys.find, {
      issuer,
      ...(audience !== null && { audience: [...audience] }),
      algorithms: [...algorithms],
      clockTolerance: toleranceMs / 1000,
      // A token that never expires could never be taken back.
      requiredClaims: ['exp'],
    });
    return payload;
  }

  #outcomeOf(payload: JWTPayload): Outcome {
    const user = userOf(this.#settings, payload);
    if (user === null) return invalid(`no ${this.#settings.user} that can be passed on`);
    const scopes = missingScopes(this.#settings, payload);
    const claims = missingClaims(this.#settings, payload);
    if (scopes.length + claims.length === 0) return { kind: 'passed', user };
    return forbidden([...scopes, ...claims], this.#settings.scopes);
  }
}

async function openSource(jwks: JwtSettings['jwks'], kept: KeptStates) {
  if (jwks.file !== null) {
    const { file } = jwks;
    const { followed, release } = await FollowedFile.acquire(kept, `key set ${file}`, file, readKeySet);
    const source: KeySource = { current: () => followed.value, renewed: async () => null, close: release };
    return { source, release };
  }
  const { url } = jwks;
  const keys = ['outbound of auth', `keys of ${url}`] as const;
  const outbound = kept.acquire(keys[0], () => new Outbound());
  const source = kept.acquire(keys[1], () => new FetchedKeys(url, outbound, kept.log));
  return { source, release: () => [keys[1], keys[0]].forEach((key) => void kept.release(key)) };
}

const NO_KEYS: Outcome = {
  kind: 'refused',
  error: new GatewayError('auth_unavailable', 'the keys of the issuer were never fetched'),
};

/** RFC 6750 §3.1. @param why for operators; it never quotes the token */
function invalid(why: string): Outcome {
  return unauthenticated(why, 'Bearer realm="Portway", error="invalid_token"');
}

function forbidden(missing: readonly string[], scopes: readonly string[]): Outcome {
  const wanted = scopes.length === 0 ? '' : `, scope=${quoted(scopes.join(' '))}`;
  const fields = ['WWW-Authenticate', `Bearer realm="Portway", error="insufficient_scope"${wanted}`];
  const why = `the token lacks ${missing.join(', ')}`;
  return { kind: 'refused', error: new GatewayError('forbidden', why, { fields }) };
}

/** The fault, with at most the name of the claim: its content comes from outside. */
function reasonOf(cause: errors.JOSEError): string {
  if (cause instanceof errors.JWTExpired) return 'the token has expired';
  if (cause instanceof errors.JWTClaimValidationFailed)
    return `the claim ${cause.claim} is not as it should be`;
  if (cause instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not allowed';
  if (cause instanceof errors.JWKSNoMatchingKey) return 'the issuer has no key that fits';
  return cause instanceof errors.JWSSignatureVerificationFailed
    ? 'its signature is wrong'
    : 'no token of the issuer';
}
