import type { GatewayOptions } from '../contract.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { CommandContext } from './command.ts';

/** Starts the gateway of this configuration in this process, or in as many others as `workers:` says. */
export function starterOf(
  { workers }: GatewayConfig,
  drainMs: number,
  context: CommandContext,
): CommandContext['startGateway'] {
  if (workers === null) return context.startGateway;
  return async (options: GatewayOptions) => {
    const { startPrimary } = await import('../workers/primary.ts');
    return startPrimary({ ...options, workers, drainMs });
  };
}
