import type { Logger } from 'pino';
import type { ReloadResult } from '../proxy/reloader.ts';

/** The answer to SIGHUP if nothing changed: changes and refusals are logged by the gateway itself. */
export function logReload(result: ReloadResult | undefined, log: Logger): void {
  if (result === undefined || result.changed || result.rejected !== null) return;
  log.info('read the configuration again: nothing has changed');
}
