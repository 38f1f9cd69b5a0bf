/** The compiled settings of `auth:`, as plain data. Paths of files are absolute. */

export interface AuthSettings {
  /** How several kinds combine; `null`: there is one. */
  readonly need: 'any' | 'all' | null;
  readonly kinds: readonly KindSettings[];
  readonly except: readonly Exception[];
}

export type KindSettings = BasicSettings | ApiKeySettings | JwtSettings | ForwardSettings | OidcSettings;

/** A name and a password, of a file (RFC 7617). */
export interface BasicSettings {
  readonly kind: 'basic';
  readonly file: string;
  readonly realm: string;
}

/** A key of a file, in a field of its own or as a bearer token (RFC 6750 §2.1). */
export interface ApiKeySettings {
  readonly kind: 'keys';
  readonly file: string;
  readonly header: string;
  readonly bearer: boolean;
}

/** A signed token of an issuer (RFC 7519). */
export interface JwtSettings {
  readonly kind: 'jwt';
  /** Where its public keys are. */
  readonly jwks:
    | { readonly url: string; readonly file: null }
    | { readonly file: string; readonly url: null };
  readonly issuer: string;
  /** One of them is enough; `null`: tokens for anybody are taken. */
  readonly audience: readonly string[] | null;
  readonly algorithms: readonly string[];
  /** The claim that names the user. */
  readonly user: string;
  /** Claims that are demanded, with the values of which one is enough. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  /** All of them are demanded. */
  readonly scopes: readonly string[];
  /** By how much clocks may differ. */
  readonly toleranceMs: number;
}

/** Another service is asked. */
export interface ForwardSettings {
  readonly kind: 'forward';
  readonly url: string;
  /** Fields of its answer that the service gets. */
  readonly copy: readonly string[];
  /** Fields of its answer that name the user: the first one present counts. */
  readonly users: readonly string[];
  readonly timeoutMs: number;
  /** Where browsers log in; `null`: the service's own answer leads there. */
  readonly signIn: string | null;
}

/** A login at an OpenID Connect provider. */
export interface OidcSettings {
  readonly kind: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  /** The claim that names the user. */
  readonly user: string;
  /** Addresses, or `@domain` for all of a domain. In lower case. */
  readonly emails: readonly string[];
  readonly groups: readonly string[];
  /** Everybody who can log in, without `emails` and `groups`. */
  readonly allowsAll: boolean;
  readonly idleMs: number;
  readonly lifetimeMs: number;
  /** The keys of sessions are derived from it; `null`: from the client's secret. */
  readonly sessionKey: string | null;
  readonly afterLogout: string | null;
}

/** Requests that need no authentication. `null` is any method, or any path. */
export interface Exception {
  readonly method: string | null;
  /** Canonical. With a slash at its end: everything below it. */
  readonly path: string | null;
}

/** A URL without its query, which may be secret, for pages and logs. */
export function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Fields with clients' proofs, which the service gets, too. Cookies of a login are removed (oidc/cookies.ts). */
export function proofFields({ kinds }: AuthSettings): readonly string[] {
  const names = kinds.flatMap((kind) => {
    if (kind.kind === 'oidc') return [];
    if (kind.kind !== 'keys') return ['Authorization'];
    return kind.bearer ? [kind.header, 'Authorization'] : [kind.header];
  });
  return [...new Set(names)];
}
