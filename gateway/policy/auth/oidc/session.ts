import type { OidcSettings } from '../settings.ts';

/** The state of a login, kept in cookies or in the replicas' Redis. Times are milliseconds since 1970. */
export interface Session {
  readonly loggedInAt: number;
  /** When it was used, as exactly as `renewsAt` needs it. */
  readonly usedAt: number;
  /** When the provider is to be asked again; `null`: never. */
  readonly refreshAt: number | null;
  readonly refreshToken: string | null;
  /** For logging out there (OpenID Connect RP-Initiated Logout 1.0 §2); `null`: it was too long. */
  readonly idToken: string | null;
  readonly subject: string;
  readonly user: string | null;
  /** `null`: none, or an unverified one. */
  readonly email: string | null;
  readonly groups: readonly string[];
  /** Its name in the Redis; `null`: it is in the cookies. */
  readonly storedAs: string | null;
  /** The claims that the provider was asked for; others may be present, too. */
  readonly sought: readonly string[];
}

export function isOver({ loggedInAt, usedAt }: Session, settings: OidcSettings, now: number): boolean {
  return now >= loggedInAt + settings.lifetimeMs || now >= usedAt + settings.idleMs;
}

export function isToRefresh({ refreshAt, refreshToken }: Session, now: number): boolean {
  return refreshAt !== null && refreshToken !== null && now >= refreshAt;
}

/** Renewed not with each answer: an eighth of the idle time is exact enough. */
export function isToRenew({ usedAt }: Session, { idleMs }: OidcSettings, now: number): boolean {
  return now >= usedAt + idleMs / 8;
}

export function mayPass({ email, groups }: Session, settings: OidcSettings): boolean {
  if (settings.allowsAll) return true;
  if (groups.some((group) => settings.groups.includes(group))) return true;
  if (email === null) return false;
  const domain = email.slice(email.lastIndexOf('@'));
  return settings.emails.some((allowed) => allowed === email || allowed === domain);
}

type Claims = Readonly<Record<string, unknown>>;

/** Claims that a route needs. Providers put them into the ID token or their userinfo. */
export function neededClaims({ user, emails, groups }: OidcSettings): string[] {
  const needed = [user];
  if (emails.length > 0) needed.push('email');
  if (groups.length > 0) needed.push('groups');
  return needed;
}

/** Whether a login here would ask for more: the session was begun on a route that needs less. */
export function knowsTooLittle({ sought }: Session, settings: OidcSettings): boolean {
  return neededClaims(settings).some((name) => !sought.includes(name));
}

/** The identity from the provider's claims. */
export function identityIn(claims: Claims, user: string): Pick<Session, 'user' | 'email' | 'groups'> {
  const verified = claims.email_verified;
  const trusted = verified === undefined || verified === true || verified === 'true';
  const email = trusted && typeof claims.email === 'string' ? claims.email.toLowerCase() : null;
  const named = user === 'email' ? (trusted ? claims.email : null) : claims[user];
  const groups: unknown[] = Array.isArray(claims.groups) ? claims.groups : [claims.groups];
  return {
    user: typeof named === 'string' ? named : null,
    email,
    groups: groups.filter((group) => typeof group === 'string'),
  };
}
