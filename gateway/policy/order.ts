import type { LocalAnswer, RoutedExchange } from '../fields/exchange.ts';
import { refuseLargeBody } from './body-limit/body-limit.ts';
import { refuseLoop } from './loop/loop.ts';
import { countForwards } from './max-forwards/max-forwards.ts';
import { redirectNavigation } from './navigation/navigation.ts';

/** What the filters know of the gateway. */
export interface FilterContext {
  readonly pseudonym: string;
}

/** Lets an exchange pass (`null`), answers it, or throws a GatewayError. */
export type Filter = (exchange: RoutedExchange, context: FilterContext) => LocalAnswer | null;

/**
 * The filters in the order in which an exchange passes them: what protects the gateway first, what answers instead of the service
 * next, and what depends on the route's limits last.
 */
export const FILTERS: readonly Filter[] = [
  (exchange, { pseudonym }) => refuseLoop(exchange, pseudonym),
  countForwards,
  redirectNavigation,
  refuseLargeBody,
];

/** @returns the first answer that a filter gives, `null` if all let the exchange pass. @throws GatewayError */
export function applyFilters(exchange: RoutedExchange, context: FilterContext): LocalAnswer | null {
  for (const filter of FILTERS) {
    const answer = filter(exchange, context);
    if (answer !== null) return answer;
  }
  return null;
}
