import { ConfigError } from '../config/problem.ts';
import { describeHolder, portHolder } from '../dev/port-holder.ts';
import { ListenError } from '../listener/listen-error.ts';
import { ExtensionError } from '../proxy/extension.ts';
import { Refusal } from '../proxy/reloader.ts';
import type { CommandContext } from './command.ts';
import { report } from './configuration.ts';

/**
 * Prints why the gateway could not be started.
 * @throws an error that is a bug, and no fault of the configuration or the machine
 */
export async function reportStartFailure(
  error: unknown,
  file: string,
  context: CommandContext,
): Promise<void> {
  if (error instanceof ConfigError) report(error.problems, context);
  else if (error instanceof ExtensionError) context.stderr.write(`portway: ${error.message}\n`);
  else if (error instanceof Refusal) context.stderr.write(`portway: ${error.message}\n`);
  else if (error instanceof ListenError)
    context.stderr.write(`portway: ${await listenFailure(error, file)}\n`);
  else throw error;
}

async function listenFailure(error: ListenError, file: string): Promise<string> {
  const { port, place, use, reason } = error;
  if (reason === 'EACCES' && port < 1024)
    return `${error.message}.\nChoose a port from 1024 on in ${file}, or allow this one: CAP_NET_BIND_SERVICE (docs/server.md).`;
  if (reason !== 'EADDRINUSE') return `${error.message}. Choose another address in ${file}.`;
  const protocol = typeof use === 'object' ? use.protocol : 'tcp';
  const holder = describeHolder(await portHolder(port, protocol), port, protocol);
  return `can't listen on ${place}: the port is taken by ${holder}.\nEnd that, or ${anotherPort(error, file)}.`;
}

/** Most files do not name the admin listener's port. */
function anotherPort({ port, use }: ListenError, file: string): string {
  if (use !== 'admin') return `choose another port in ${file}`;
  return `write \`admin: ${port === 65_535 ? port - 1 : port + 1}\`, or \`admin: false\`, in ${file}`;
}
