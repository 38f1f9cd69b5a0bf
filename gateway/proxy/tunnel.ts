import type { Socket } from 'node:net';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { LastingExchanges } from '../exchange/long-lived.ts';
import type { RoutedExchange } from '../fields/exchange.ts';
import { Tunnel, type TunnelPlan } from '../forward/upgrade.ts';
import type { InFlight } from './in-flight.ts';
import type { Passage } from './passage.ts';
import type { Responder } from './responder.ts';

/** Who hears how a tunnel gets on. */
export interface TunnelWatch {
  readonly responder: Responder;
  readonly inFlight: InFlight;
  readonly lasting: LastingExchanges;
}

/** A tunnel would go round an extension's hooks, and with it any request that says Upgrade: what they guard would be open. */
export function mayTunnel(passage: Passage, { match }: RoutedExchange): boolean {
  if (!passage.snapshot.hasHooks(match.index)) return true;
  passage.refusal = new GatewayError('upgrade_refused', `the hooks of ${match.route.extend} see no upgrades`);
  return false;
}

/** An upgrade on its way to the service. @param head what the client sent behind its handshake already. */
export function openTunnel(
  passage: Passage,
  plan: TunnelPlan,
  socket: Socket,
  head: Buffer,
  { responder, inFlight, lasting }: TunnelWatch,
): void {
  const { signature } = passage.live;
  const tunnel = new Tunnel(socket, head, plan, passage.record, {
    failed: (error) => {
      lasting.delete(signature, tunnel);
      responder.error(passage, error);
    },
    opened: () => inFlight.opened(passage),
    closed: () => {
      lasting.delete(signature, tunnel);
      inFlight.leave(passage);
    },
  });
  lasting.add(signature, tunnel);
  tunnel.start();
}
