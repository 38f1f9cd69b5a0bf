import type { RouteConfig } from '../model/config.ts';

/** What answers on a route, where no service does, in words; `null`: its services do. */
export function ownOrigin({ upstream }: Pick<RouteConfig, 'upstream'>): string | null {
  return upstream.endpoints.length > 0 ? null : 'the gateway itself';
}
