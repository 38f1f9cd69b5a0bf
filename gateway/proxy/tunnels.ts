import { GatewayError } from '../exchange/error-catalog.ts';
import type { Inspection } from '../exchange/inspection.ts';
import type { LongLivedExchanges } from '../exchange/long-lived.ts';
import type { ForwardOwner } from '../forward/http.ts';
import { Tunnel } from '../forward/upgrade.ts';
import type { Exchange, UpgradeRequest } from './exchange.ts';
import type { NameHosts } from './name-hosts.ts';
import { tunnelPlan } from './plans.ts';
import type { Routed } from './routed.ts';

export interface TunnelsOptions {
  readonly inspection: Inspection;
  readonly longLived: LongLivedExchanges;
}

/** Exchanges that ask for an upgrade: their handshake goes to the service, and they last as long as their tunnel. */
export class Tunnels {
  readonly #options: TunnelsOptions;
  readonly #nameHosts: NameHosts;

  constructor(options: TunnelsOptions, nameHosts: NameHosts) {
    this.#options = options;
    this.#nameHosts = nameHosts;
  }

  /** @param answered called when the client has its answer */
  open(exchange: Exchange, routed: Routed, owner: ForwardOwner, answered: () => void = () => {}): void {
    if (routed.live.folder !== null)
      return exchange.refuse(routed, new GatewayError('upgrade_refused', 'files take no upgrade'));
    const { longLived, inspection } = this.#options;
    const { signature } = routed.live;
    // Only upgrades get here.
    const { socket, early } = exchange.downstream as UpgradeRequest;
    const { record } = exchange;
    if (record.detail !== null) record.detail.messages = inspection.listens(routed.route, record);
    const tunnel = new Tunnel(socket, early, tunnelPlan(routed), record, {
      failed: (error) => {
        longLived.delete(signature, tunnel);
        owner.failed(error);
        answered();
      },
      opened: () => {
        answered();
        this.#learnsHost(routed);
        exchange.opened();
      },
      closed: () => {
        answered();
        this.#learnsHost(routed);
        owner.closed(tunnel);
      },
    });
    longLived.add(signature, tunnel);
    tunnel.start();
  }

  /** Handshakes follow no redirects: a client whose WebSocket fails tries again by itself. */
  #learnsHost({ match, rawTarget, ownHost, record }: Routed): void {
    const { named, route } = match;
    if (!named || route.hostHeader !== 'auto') return;
    this.#nameHosts.answered(route.id, { method: 'GET', rawTarget, ownHost }, record.status);
  }
}
