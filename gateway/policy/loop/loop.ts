import { GatewayError } from '../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { PolicyContext } from '../policy.ts';

/** A request that has passed here before would go round until something breaks: it ends now (RFC 9110 §7.6.3). @throws GatewayError */
export function refuseLoop(exchange: RoutedExchange, { pseudonym }: PolicyContext): null {
  const { via } = exchange.facts;
  if (via?.includes(pseudonym)) throw new GatewayError('loop', `Via: ${via}`);
  return null;
}
