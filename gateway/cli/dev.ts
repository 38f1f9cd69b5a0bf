import { once } from 'node:events';
import type { Logger } from 'pino';
import { Screen } from '../dev/screen.ts';
import { Workbench } from '../dev/workbench.ts';
import { createLogger } from '../log/logger.ts';
import { type CommandContext, optionValue, type RunCommand } from './command.ts';
import { loadOrReport } from './configuration.ts';
import { reportStartFailure } from './failure.ts';
import { installLastResort } from './last-resort.ts';
import { logReload } from './reload-log.ts';
import { starterOf } from './starter.ts';
import { durationOf } from './stop-options.ts';
import { packageManagerGone, stopRequested } from './stop-requests.ts';

const standardDrainMs = 10_000;
/** A user who has pressed Ctrl-C waits for the end. */
const impatientDrainMs = 3_000;

export const dev: RunCommand = async (input, context) => {
  const drainMs = durationOf(input, 'drain');
  const loaded = await loadOrReport(optionValue(input, 'config'), context);
  if (loaded === null) return 1;
  const terminal = context.stdout.isTTY === true;
  const oneOfMany = loaded.config.workers !== null;
  // The map and the lines of services are text, so the gateway's own lines are, too, wherever they go.
  const format = loaded.config.log.format === 'auto' ? 'pretty' : loaded.config.log.format;
  // Workers write into the terminal themselves: nothing could stay in its place there.
  const screen = new Screen(context.stdout, terminal && !oneOfMany && context.env.TERM !== 'dumb');
  const log = await createLogger(
    { ...loaded.config.log, format },
    { terminal, env: context.env, oneOfMany, ...(screen.live && { destination: screen.asLog }) },
  );
  installLastResort(context, log);
  const workbench = new Workbench({
    env: context.env,
    stdin: context.stdin,
    screen,
    terminal,
    startGateway: starterOf(loaded.config, drainMs ?? standardDrainMs, context),
    configFile: loaded.file,
    log,
    node: context.process.execPath,
  });
  // However we end, short of SIGKILL: no service outlives us.
  context.process.on('exit', () => workbench.kill());
  const stop = Promise.race([
    stopBySignal(workbench, context, log),
    readerGone(context),
    packageManagerGone(context),
  ]);
  try {
    await workbench.open();
  } catch (error) {
    await reportStartFailure(error, loaded.file, context);
    return 1;
  }
  await Promise.race([workbench.showMap(), stop]);
  const reason = await stop;
  await workbench.close(reason, drainMs ?? (reason === 'SIGINT' ? impatientDrainMs : standardDrainMs));
  return 0;
};

function stopBySignal(workbench: Workbench, context: CommandContext, log: Logger): Promise<string> {
  return stopRequested(context, {
    reload: async () => logReload(await workbench.reload(), log),
    replace: () => workbench.replaceWorkers(),
    hurry: () => context.process.exit(130),
  });
}

/** The reader of the output has left, as in `npm start | head`. */
async function readerGone(context: CommandContext): Promise<string> {
  await once(context.stdout, 'error').catch(() => {});
  return 'nobody reads the output';
}
