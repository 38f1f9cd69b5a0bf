import { onTestFinished } from 'vitest';
import { GatewayChild, type GatewayChildOptions } from './gateway-child.ts';
import { Processes } from './processes.ts';
import { temporaryFolder } from './program.ts';
import { connect, type RawClient } from './raw-client.ts';

/** The real process, in a test. */
export type GatewayProcess = GatewayChild & { connect(): Promise<RawClient> };

/** Starts the process with `port`, `admin` and `overload: off` added to these lines of configuration; it is killed with the test. */
export async function startGatewayProcess(
  yaml: string,
  options: GatewayChildOptions = {},
): Promise<GatewayProcess> {
  const processes = new Processes();
  const folder = await temporaryFolder();
  onTestFinished(() => processes.killAll());
  const started = await GatewayChild.start(processes, folder, yaml, { overload: 'off', ...options });
  return Object.assign(started, { connect: () => connect(started.port) });
}
