/** What a configuration may say of a route, and should not. */

import type { RouteConfig } from '../model/config.ts';
import { type AuthSettings, proofFields } from '../policy/auth/settings.ts';
import type { HeaderRules } from '../policy/headers/keys.ts';
import { trustOf } from './service-authorities.ts';

/** Said wherever somebody looks: by `check`, in the log, by the admin listener. */
export function routeWarnings(route: RouteConfig): readonly string[] {
  return [insecure(route), proofInClear(route)].filter((warning) => warning !== null);
}

function insecure(route: RouteConfig): string | null {
  if (!trustOf(route)?.insecure) return null;
  return `the route ${route.id} takes any certificate of its service (tls: { insecure: true }), so that anybody on the way can read and change what passes: name the authority with \`ca:\` instead`;
}

/** The proof goes on to the service as it came, and so to a fallback, which is on another machine. */
function proofInClear({ id, policies, upstream: { fallback } }: RouteConfig): string | null {
  const address = fallback?.address;
  if (address?.kind !== 'tcp' || address.tls || isHere(address.host)) return null;
  const auth = policies.auth as AuthSettings | null;
  const removed = (policies.headers as HeaderRules | null)?.request.drop ?? [];
  const sent = (auth === null ? [] : proofFields(auth)).filter(
    (name) => !removed.includes(name.toLowerCase()),
  );
  if (sent.length === 0) return null;
  return `the route ${id} sends what \`auth:\` asks of its clients (${sent.join(', ')}) to http://${address.key} in clear, where anybody on the way can read it: give \`fallback:\` an https:// address, or keep it here with headers: { request: { remove: [${sent.join(', ')}] } }`;
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
