import type { Gateway } from '../contract.ts';
import { sourceText } from '../files/source.ts';
import { createLogger } from '../log/logger.ts';
import { optionValue, type RunCommand } from './command.ts';
import { loadOrReport } from './configuration.ts';
import { reportStartFailure } from './failure.ts';
import { installLastResort } from './last-resort.ts';
import { logReload } from './reload-log.ts';
import { starterOf } from './starter.ts';
import { durationOf } from './stop-options.ts';
import { stopRequested } from './stop-requests.ts';

const standardDrainMs = 10_000;

export const start: RunCommand = async (input, context) => {
  const drainMs = durationOf(input, 'drain') ?? standardDrainMs;
  const announceMs = durationOf(input, 'announce') ?? 0;
  const loaded = await loadOrReport(optionValue(input, 'config'), context);
  if (loaded === null) return 1;
  const { env } = context;
  const terminal = context.stdout.isTTY === true;
  const oneOfMany = loaded.config.workers !== null;
  const log = await createLogger(loaded.config.log, { terminal, env, oneOfMany });
  installLastResort(context, log);
  const startGateway = starterOf(loaded.config, drainMs, context);
  let gateway: Gateway | null = null;
  const stop = stopRequested(context, {
    reload: async () => logReload(await gateway?.reload(), log),
    replace: async () => gateway?.replaceWorkers(),
    hurry: () => context.process.exit(130),
  });
  try {
    const { file: configFile, validated } = loaded;
    gateway = await startGateway({ configFile, validated, env, mode: 'production', log });
  } catch (error) {
    await reportStartFailure(error, sourceText(loaded.file), context);
    return 1;
  }
  const { address, adminAddress: admin } = gateway;
  const { routes, streams } = gateway.config();
  const counts = { routes: routes.length, streams: streams.length };
  const workers = (await gateway.workers()).map(({ pid }) => pid);
  log.info(
    { ...address, admin, ...counts, ...(oneOfMany && { workers }), file: sourceText(loaded.file) },
    'listening',
  );
  log.info({ signal: await stop, drainMs, announceMs }, 'draining');
  const finished = await gateway.close(drainMs, announceMs);
  log.info({ finished }, 'stopped');
  return 0;
};
