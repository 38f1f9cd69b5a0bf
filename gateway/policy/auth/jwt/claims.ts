import type { JWTPayload } from 'jose';
import type { JwtSettings } from '../settings.ts';

/** Names of claims that the token has not, or not with a value that is demanded. */
export function missingClaims({ claims }: Pick<JwtSettings, 'claims'>, payload: JWTPayload): string[] {
  return Object.entries(claims).flatMap(([name, allowed]) => {
    const own = valuesOf(Object.hasOwn(payload, name) ? payload[name] : undefined);
    return own.some((value) => allowed.includes(value)) ? [] : [name];
  });
}

/** RFC 8693 §4.2: a list with spaces between; some issuers have an array, or call it `scp`. */
export function missingScopes({ scopes }: Pick<JwtSettings, 'scopes'>, payload: JWTPayload): string[] {
  const given = new Set([payload.scope, payload.scp].flatMap(valuesOf).flatMap((value) => value.split(' ')));
  return scopes.filter((scope) => !given.has(scope));
}

/** `null`: the claim is no name that can stand in a header field and in a log as it is. */
export function userOf({ user }: Pick<JwtSettings, 'user'>, payload: JWTPayload): string | null {
  const value = Object.hasOwn(payload, user) ? payload[user] : undefined;
  return typeof value === 'string' && isPrintableUser(value) ? value : null;
}

export function isPrintableUser(name: string): boolean {
  return PRINTABLE.test(name);
}

const PRINTABLE = /^(?! )[\x20-\x7e]{1,256}(?<! )$/;

function valuesOf(claim: unknown): string[] {
  const list: unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.flatMap((value) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : [],
  );
}
