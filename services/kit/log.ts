import { type Logger, pino } from 'pino';
import type { ServiceEnvironment } from './environment.ts';

export type { Logger };

/** JSON lines on standard output, each with the service's name. A reader that goes away does not end the process. */
export function createLog(environment: Pick<ServiceEnvironment, 'name' | 'logLevel'>): Logger {
  return pino({
    level: environment.logLevel,
    base: { service: environment.name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
