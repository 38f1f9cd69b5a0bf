import type { Logger } from 'pino';
import { createLogger } from '../log/logger.ts';
import type { Assignment } from '../workers/messages.ts';
import { type CommandContext, type RunCommand, UsageError } from './command.ts';
import { installLastResort } from './last-resort.ts';

export const worker: RunCommand = async (_input, context) => {
  if (process.send === undefined)
    throw new UsageError('a worker is started by `portway start` alone: set `workers:` in the configuration');
  // Loaded here, as the web framework is: other commands need none of it.
  const { configOf, WorkerProgram } = await import('../workers/worker.ts');
  let log: Logger | null = null;
  const program = new WorkerProgram({
    env: context.env,
    createLog: async (assignment) => {
      log = await createWorkerLog(assignment, context, configOf);
      return log;
    },
  });
  // Ctrl-C and a closing terminal reach all processes of the group: the primary decides what they mean.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)
    context.process.on(signal, () => {});
  context.process.on('SIGTERM', () => program.dismiss());
  await program.run();
  context.process.exit(0);
  return 0;
};

async function createWorkerLog(
  assignment: Assignment,
  context: CommandContext,
  configOf: typeof import('../workers/worker.ts').configOf,
): Promise<Logger> {
  const { log: settings } = await configOf(assignment, context.env);
  const terminal = context.stdout.isTTY === true;
  const log = await createLogger(settings, { terminal, env: context.env, oneOfMany: true });
  installLastResort(context, log);
  return log;
}
