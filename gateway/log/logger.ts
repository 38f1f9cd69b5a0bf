import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogConfig } from '../model/config.ts';
import { type LogDestination, openLogDestination } from './log-destination.ts';
import { wantsColour } from './paint.ts';

export interface LogOutput {
  /** Whether the standard output is a terminal. */
  readonly terminal: boolean;
  /** `NO_COLOR`, `TERM`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether other processes write to the same destination: then each line has its process id and is written as a whole. */
  readonly oneOfMany?: boolean;
  /** A file descriptor, the path of a file to append to, or a destination; default: standard output. */
  readonly destination?: number | string | LogDestination;
}

/**
 * The gateway's logger: JSON lines in batches (docs/logs.md), or lines for people on a terminal.
 *
 * `logger.level = ...` may change at any time. `logger.flush(done)` calls back when all lines are written: wait for it before ending the
 * process on purpose. Otherwise an exit hook writes the rest.
 */
export async function createLogger(log: LogConfig, output: LogOutput): Promise<Logger> {
  const pretty = log.format === 'pretty' || (log.format === 'auto' && output.terminal);
  const { oneOfMany = false, destination: target = 1 } = output;
  const destination =
    typeof target === 'object' ? target : openLogDestination(target, { lossNotice, shared: oneOfMany });
  return pino(
    {
      level: log.level,
      // Host and container are added by the platform that collects the lines.
      base: oneOfMany ? { pid: process.pid } : null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ? await prettyDestination(destination, output) : destination,
  );
}

function lossNotice(lines: number): string {
  const time = new Date().toISOString();
  const msg = 'log lines were lost: what reads the log is too slow, or its disk is full';
  return `${JSON.stringify({ level: 'warn', time, lostLines: lines, msg })}\n`;
}

async function prettyDestination(destination: LogDestination, output: LogOutput): Promise<LogDestination> {
  const { prettyLines } = await import('./pretty-line.ts');
  const pretty = prettyLines({ colour: wantsColour(output.terminal, output.env) });
  return {
    ...destination,
    write(line) {
      destination.write(pretty(line));
      // On a terminal other text (the map, the output of services) stands between these lines; the order is the message.
      if (output.terminal) destination.flushSync();
    },
  };
}
