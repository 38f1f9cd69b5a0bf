import type { GatewayChild } from '../testing/gateway-child.ts';
import { Load } from '../testing/load.ts';

/** Requests to `/one`, which have nothing to do with what a row changes. */
export function steadyLoad(gateway: GatewayChild, clients = 8): Load {
  const target = (id: string) => `/one/ok?tag=steady&id=${id}`;
  return new Load({ port: gateway.port, target, clients, pauseMs: 5 });
}

/** `/one`, and another route on the same service. */
export function routesTo(port: number, other = '/two'): string {
  return `routes:\n  /one: 127.0.0.1:${port}\n  ${other}: 127.0.0.1:${port}\n`;
}
