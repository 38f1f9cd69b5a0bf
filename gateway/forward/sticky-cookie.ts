import type { Fields } from '../exchange/contract.ts';
import type { Endpoint } from '../upstream/endpoint.ts';

/** The fields of a final answer, and the cookie by which the client comes back to this endpoint, where the route is sticky and the client has none. */
export function withStickyCookie(
  fields: Fields,
  plan: { readonly stickyCookie: ((endpoint: Endpoint) => string | null) | null },
  endpoint: Endpoint,
): Fields {
  if (plan.stickyCookie === null) return fields;
  const cookie = plan.stickyCookie(endpoint);
  return cookie === null ? fields : [...fields, 'Set-Cookie', cookie];
}
