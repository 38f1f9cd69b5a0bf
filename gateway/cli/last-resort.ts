import type { Logger } from 'pino';
import type { CommandContext } from './command.ts';

/**
 * What happens to an error that nobody caught.
 *
 * A socket that fails while nobody listens to it has done no harm but to itself: any remote side could end the process with it. That
 * is logged as the bug it is, and work goes on. Everything else leaves the process in a state that nobody has thought of: it is
 * logged, and the process ends with 1, for systemd, Docker or the developer to start it again.
 */
export function installLastResort(context: CommandContext, log: Logger): void {
  context.process.on('uncaughtException', (error) => {
    if (isStraySocketError(error)) {
      log.error({ err: error }, 'a socket failed and nobody was listening; please report this');
      return;
    }
    log.fatal({ err: error }, 'a bug in Portway, please report it; the process ends, its state is undefined');
    context.process.exit(1);
  });
}

/** Whether this is what `net` and `tls` say of a connection, and no more than that. */
export function isStraySocketError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { syscall, code, path } = error as NodeJS.ErrnoException;
  if (path !== undefined) return false;
  // A write to a connection that the other side has ended carries no system call.
  return code === 'EPIPE' || ['connect', 'read', 'write', 'shutdown'].includes(syscall ?? '');
}
