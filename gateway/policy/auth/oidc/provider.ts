import * as oidc from 'openid-client';
import { GatewayError } from '../../../exchange/error-catalog.ts';
import type { Keepable, KeptStates } from '../../kept.ts';
import { Outbound } from '../outbound.ts';
import type { OidcSettings } from '../settings.ts';
import { identityIn, neededClaims, type Session } from './session.ts';

/** Values that a login has to come back with. */
export interface LoginChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The OpenID Connect provider. It is asked for where it is when the first login needs it, and again after a failure. */
export class Provider implements Keepable {
  readonly #settings: OidcSettings;
  readonly #log: KeptStates['log'];
  readonly #outbound = new Outbound();
  #found: oidc.Configuration | null = null;
  #foundAt = 0;
  #finding: Promise<oidc.Configuration> | null = null;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failing = false;

  constructor(settings: OidcSettings, log: KeptStates['log']) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Where the browser logs in. @throws GatewayError */
  async loginUrl(redirectUri: string, { state, nonce, verifier }: LoginChecks): Promise<string> {
    const found = await this.#configuration();
    return oidc.buildAuthorizationUrl(found, {
      redirect_uri: redirectUri,
      scope: this.#settings.scopes.join(' '),
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).href;
  }

  /** @param url which the browser came back with. @throws GatewayError */
  async sessionOf(url: URL, { state, nonce, verifier }: LoginChecks, now: number): Promise<Session> {
    const found = await this.#configuration();
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
    return this.#asked(async () => {
      const tokens = await oidc.authorizationCodeGrant(found, url, checks);
      const identity = await this.#identity(found, tokens, neededClaims(this.#settings));
      return { ...identity, ...tokensOf(tokens, now), loggedInAt: now, usedAt: now, storedAs: null };
    });
  }

  /** The session with the provider's current claims. @throws GatewayError */
  async refreshed(session: Session, now: number): Promise<Session> {
    const found = await this.#configuration();
    return this.#asked(async () => {
      const tokens = await oidc.refreshTokenGrant(found, session.refreshToken!);
      const subject = tokens.claims()?.sub;
      if (subject !== undefined && subject !== session.subject)
        throw new GatewayError('unauthenticated', 'the provider refreshed the session of somebody else');
      const fresh = tokensOf(tokens, now);
      const identity = subject === undefined ? {} : await this.#identity(found, tokens, session.sought);
      return {
        ...session,
        ...identity,
        ...fresh,
        refreshToken: fresh.refreshToken ?? session.refreshToken,
        idToken: fresh.idToken ?? session.idToken,
        usedAt: now,
      };
    });
  }

  /** Where the browser logs out; `null`: the provider has no such place. @throws GatewayError */
  async logoutUrl(idToken: string | null): Promise<string | null> {
    const found = await this.#configuration();
    if (found.serverMetadata().end_session_endpoint === undefined) return null;
    const { afterLogout } = this.#settings;
    return oidc.buildEndSessionUrl(found, {
      ...(idToken !== null && { id_token_hint: idToken }),
      ...(afterLogout !== null && { post_logout_redirect_uri: afterLogout }),
    }).href;
  }

  close(): void {
    this.#outbound.close();
  }

  /** @param sought claims that are asked for at the userinfo where the ID token lacks one of them */
  async #identity(found: oidc.Configuration, tokens: Tokens, sought: readonly string[]) {
    const claims = tokens.claims();
    if (claims === undefined) throw new GatewayError('unauthenticated', 'the provider gave no ID token');
    const { user } = this.#settings;
    const lacks = sought.some((name) => claims[name] === undefined);
    const asks = lacks && found.serverMetadata().userinfo_endpoint !== undefined;
    const more = asks ? await oidc.fetchUserInfo(found, tokens.access_token, claims.sub) : {};
    return {
      subject: claims.sub,
      sought: asks ? [...new Set([...sought, 'email', 'groups'])] : sought,
      ...identityIn({ ...more, ...claims }, user),
    };
  }

  #configuration(): Promise<oidc.Configuration> {
    const now = performance.now();
    if (this.#found !== null && now - this.#foundAt < FRESH_MS) return Promise.resolve(this.#found);
    if (this.#finding === null && now - this.#failedAt < ASK_AGAIN_MS)
      return this.#found === null ? Promise.reject(unavailable()) : Promise.resolve(this.#found);
    this.#finding ??= this.#find().finally(() => {
      this.#finding = null;
    });
    return this.#finding;
  }

  /** @throws GatewayError where it can't be found, and never was. */
  async #find(): Promise<oidc.Configuration> {
    try {
      this.#found = await discovered(this.#settings, asking(this.#outbound));
      this.#foundAt = performance.now();
      if (this.#failing)
        this.#log.info({ issuer: this.#settings.issuer }, 'the OIDC provider is there again');
      this.#failing = false;
      return this.#found;
    } catch (cause) {
      this.#failedAt = performance.now();
      this.#failed(cause);
      if (this.#found === null) throw unavailable();
      return this.#found;
    }
  }

  /** Reported once, until the provider is back. */
  #failed(cause: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const { issuer } = this.#settings;
    this.#log.error(
      { issuer, problem: reasonOf(cause) },
      "the OIDC provider can't be asked: nobody can log in",
    );
  }

  /** @throws GatewayError */
  async #asked<Value>(ask: () => Promise<Value>): Promise<Value> {
    try {
      const value = await ask();
      this.#failing = false;
      return value;
    } catch (cause) {
      throw cause instanceof GatewayError ? cause : this.#failureOf(cause);
    }
  }

  #failureOf(cause: unknown): GatewayError {
    if (cause instanceof oidc.AuthorizationResponseError)
      return cause.error === 'access_denied'
        ? new GatewayError('forbidden', 'the provider was told, or chose, not to let them in')
        : new GatewayError('unauthenticated', 'the provider ended the login with an error');
    if (cause instanceof oidc.ResponseBodyError && cause.error === 'invalid_grant')
      return new GatewayError('unauthenticated', 'the provider takes this code or refresh token no more');
    if (cause instanceof oidc.ClientError && ABOUT_CONTENT.has(cause.code ?? ''))
      return new GatewayError(
        'unauthenticated',
        `what the provider sent is not as it should be: ${cause.code}`,
      );
    this.#failed(cause);
    return unavailable(reasonOf(cause));
  }
}

type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;

function tokensOf(tokens: Tokens, now: number): Pick<Session, 'refreshAt' | 'refreshToken' | 'idToken'> {
  const seconds = tokens.expiresIn();
  return {
    refreshAt: seconds === undefined ? null : now + seconds * 1000,
    refreshToken: tokens.refresh_token ?? null,
    idToken: tokens.id_token ?? null,
  };
}

async function discovered(
  { issuer, clientId, clientSecret }: OidcSettings,
  fetching: oidc.CustomFetch,
): Promise<oidc.Configuration> {
  const insecure = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
  const first = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), {
    timeout: TIMEOUT_S,
    execute: insecure,
    [oidc.customFetch]: fetching,
  });
  const server = first.serverMetadata();
  const methods = server.token_endpoint_auth_methods_supported;
  const basic = methods === undefined || methods.includes('client_secret_basic');
  const proof = basic ? oidc.ClientSecretBasic(clientSecret) : oidc.ClientSecretPost(clientSecret);
  const found = new oidc.Configuration(server, clientId, undefined, proof);
  found.timeout = TIMEOUT_S;
  found[oidc.customFetch] = fetching;
  for (const allow of insecure) allow(found);
  // The signature of the ID token is checked, not the connection alone.
  oidc.enableNonRepudiationChecks(found);
  return found;
}

function asking(outbound: Outbound): oidc.CustomFetch {
  return (url, options) => outbound.fetch(url, options, MAX_BYTES);
}

/** Errors that a browser may have caused, as opposed to a provider that is down. */
const ABOUT_CONTENT: ReadonlySet<string> = new Set([
  ...['OAUTH_INVALID_RESPONSE', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'],
  ...['OAUTH_PARSE_ERROR', 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED', 'OAUTH_KEY_SELECTION_FAILED'],
]);

/** Never the provider's text, which may quote what it got. */
function reasonOf(cause: unknown): string {
  if (cause instanceof oidc.ResponseBodyError) return `it answered ${cause.status}`;
  if (!(cause instanceof Error)) return 'no answer';
  const inner = cause.cause instanceof Error ? cause.cause : null;
  return inner === null || cause.message.includes(inner.message)
    ? cause.message
    : `${cause.message}: ${inner.message}`;
}

function unavailable(why = 'it could not be found'): GatewayError {
  return new GatewayError('auth_unavailable', `the OIDC provider: ${why}`);
}

const TIMEOUT_S = 5;
const MAX_BYTES = 1024 * 1024;
const FRESH_MS = 3_600_000;
const ASK_AGAIN_MS = 1_000;
