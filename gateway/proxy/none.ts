import type { Logger } from 'pino';
import type { Replacement } from '../model/status.ts';

/** What a gateway without `workers:` answers to whoever wants them replaced. */
export async function replaceNone(log: Logger): Promise<Replacement> {
  const problem = 'there are no workers to replace: set `workers:` in the configuration, and start again';
  log.warn(problem);
  return { replaced: 0, problem };
}
