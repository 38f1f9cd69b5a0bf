import { GatewayError } from '../../exchange/error-catalog.ts';
import type { LocalAnswer, RoutedExchange } from '../../fields/exchange.ts';
import type { RequestFacts } from '../../fields/request-facts.ts';
import type { AskedRequest, Foreseen, PolicyContext } from '../policy.ts';

/** A request that has passed here before would go round until something breaks: it ends now (RFC 9110 §7.6.3). @throws GatewayError */
export function refuseLoop(exchange: RoutedExchange, { pseudonym }: PolicyContext): null {
  const { via } = exchange.facts;
  if (via?.includes(pseudonym)) throw new GatewayError('loop', `Via: ${via}`);
  return null;
}

/** Methods that the gateway carries, for `Allow`. */
export const ALLOW = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** RFC 9110 §7.6.2: OPTIONS with Max-Forwards 0 is answered by its recipient, else it counts one down. */
export function countForwards(exchange: RoutedExchange): LocalAnswer | null {
  const { facts, downstream } = exchange;
  const left = forwardsOf(downstream.method, facts);
  if (left === null) return null;
  const { kept } = facts;
  if (left === 0) return { status: 204, fields: ['Allow', ALLOW] };
  for (let i = 0; i < kept.length; i += 2) {
    if (kept[i]!.toLowerCase() === 'max-forwards') exchange.ownKept()[i + 1] = String(left - 1);
  }
  return null;
}

export function foreseeForwards({ method, facts }: AskedRequest): Foreseen | null {
  const left = forwardsOf(method, facts);
  if (left === null) return null;
  return left === 0
    ? { status: 204, says: 'Max-Forwards: 0 ends here' }
    : { status: null, says: `Max-Forwards counts down to ${left - 1}` };
}

/** How many gateways the request may still pass; `null`: it is not said. */
function forwardsOf(method: string, { maxForwards }: RequestFacts): number | null {
  const counts = method === 'OPTIONS' && maxForwards !== null && /^\d{1,9}$/.test(maxForwards);
  return counts ? Number(maxForwards) : null;
}
