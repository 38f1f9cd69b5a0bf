import type { Logger } from 'pino';
import type { ReloadResult } from '../proxy/reloader.ts';

/** The answer to SIGHUP where there is nothing else to tell: what has changed or is refused, the gateway logs itself. */
export function logReload(result: ReloadResult | undefined, log: Logger): void {
  if (result === undefined || result.changed || result.rejected !== null) return;
  log.info('read the configuration again: nothing has changed');
}
