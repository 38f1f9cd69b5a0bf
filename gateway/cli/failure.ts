import { ConfigError } from '../config/problem.ts';
import { describeHolder, portHolder } from '../dev/port-holder.ts';
import { ListenError } from '../listener/listen-error.ts';
import { ExtensionError } from '../proxy/extension.ts';
import { Refusal } from '../proxy/reloader.ts';
import type { CommandContext } from './command.ts';
import { report } from './configuration.ts';

/**
 * Says on standard error why the gateway could not be started.
 * @throws what is no answer to a fault of the configuration or of the machine, but a bug.
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
  if (error.reason !== 'EADDRINUSE') return `${error.message}. Choose another address in ${file}.`;
  const { port, place, stream } = error;
  const protocol = stream?.protocol ?? 'tcp';
  const holder = describeHolder(await portHolder(port, protocol), port, protocol);
  return `can't listen on ${place}: the port is taken by ${holder}.\nEnd that, or choose another port in ${file}.`;
}
