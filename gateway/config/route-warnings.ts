/** Warnings about valid settings of a route. */

import type { RouteConfig } from '../model/config.ts';
import { type AuthSettings, proofFields } from '../policy/auth/settings.ts';
import { isLoopback } from '../policy/auth/url.ts';
import type { Bandwidth } from '../policy/bandwidth/keys.ts';
import type { ConcurrentLimit } from '../policy/concurrent/keys.ts';
import type { HeaderRules } from '../policy/headers/keys.ts';
import type { RateLimit } from '../policy/rate-limit/keys.ts';
import { trustOf } from './service-authorities.ts';

/** Shown by `check`, the log and the admin listener. */
export function routeWarnings(route: RouteConfig): readonly string[] {
  return [insecure(route), proofInClear(route), keysInClear(route), usersUnknown(route)].filter(
    (warning) => warning !== null,
  );
}

function insecure(route: RouteConfig): string | null {
  if (!trustOf(route)?.insecure) return null;
  return `the route ${route.id} takes any certificate of its service (tls: { insecure: true }), so that anybody on the way can read and change what passes: name the authority with \`ca:\` instead`;
}

/** The proof goes on to the service as it came, and so to a fallback, which is on another machine. */
function proofInClear({ id, policies, upstream: { fallback } }: RouteConfig): string | null {
  const address = fallback?.address;
  if (address?.kind !== 'tcp' || address.tls || isLoopback(address.host)) return null;
  const auth = policies.auth as AuthSettings | null;
  const removed = (policies.headers as HeaderRules | null)?.request.drop ?? [];
  const sent = (auth === null ? [] : proofFields(auth)).filter(
    (name) => !removed.includes(name.toLowerCase()),
  );
  if (sent.length === 0) return null;
  return `the route ${id} sends what \`auth:\` asks of its clients (${sent.join(', ')}) to http://${address.key} in clear, where anybody on the way can read it: give \`fallback:\` an https:// address, or keep it here with headers: { request: { remove: [${sent.join(', ')}] } }`;
}

/** An impostor of the issuer could sign tokens for every user. */
function keysInClear({ id, policies }: RouteConfig): string | null {
  const kinds = (policies.auth as AuthSettings | null)?.kinds ?? [];
  const url = kinds
    .flatMap((kind) => (kind.kind === 'jwt' && kind.jwks.url !== null ? URL.parse(kind.jwks.url) : null))
    .find((each) => each?.protocol === 'http:' && !isLoopback(each.hostname));
  if (!url) return null;
  return `the route ${id} fetches the keys that its tokens are checked by from ${url.origin} in clear (jwks:), where anybody on the way can put their own in and sign tokens for everybody: give \`jwks:\` an https:// address, or a file`;
}

function usersUnknown({ id, policies }: RouteConfig): string | null {
  if (policies.auth !== null) return null;
  const { rateLimit, concurrent, bandwidth } = policies as {
    readonly rateLimit: readonly RateLimit[] | null;
    readonly concurrent: ConcurrentLimit | null;
    readonly bandwidth: Bandwidth | null;
  };
  const limits = { rateLimit: rateLimit ?? [], concurrent: [concurrent ?? []], bandwidth: [bandwidth ?? []] };
  const byUser = Object.entries(limits).flatMap(([key, all]) =>
    all.flat().some(({ by }) => by.kind === 'user') ? `${key}:` : [],
  );
  if (byUser.length === 0) return null;
  return `the route ${id} counts by user (${byUser.join(', ')}) and has no \`auth:\` that would know one, so that everybody is counted by address: give it \`auth:\`, or say \`by: ip\``;
}
