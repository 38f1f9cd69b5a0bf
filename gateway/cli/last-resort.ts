import { findPackageJSON } from 'node:module';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { CommandContext } from './command.ts';

/**
 * Handles uncaught errors.
 *
 * A socket that fails without an error listener has harmed only itself, and any remote side could end the process with it: the bug is
 * logged, and work goes on. Any other error leaves the process in an unknown state: it is logged, and the process ends with 1, to be
 * restarted by systemd, Docker or the developer.
 */
export function installLastResort(context: CommandContext, log: Logger): void {
  context.process.on('uncaughtException', (error) => {
    if (isStraySocketError(error)) {
      log.error({ err: error }, 'a socket failed and nobody was listening; please report this');
      return;
    }
    const foreign = foreignPlace(error);
    const whose =
      foreign === null
        ? 'a bug in Portway, please report it'
        : `code that is not Portway's own threw where nobody catches, at ${foreign}: if it is a plugin's (use:, extend:), mend it there`;
    log.fatal({ err: error }, `${whose}; the process ends, its state is undefined`);
    context.process.exit(1);
  });
}

/** Whether it is an error of `net` or `tls` about a connection, and nothing more. */
export function isStraySocketError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { syscall, code, path } = error as NodeJS.ErrnoException;
  if (path !== undefined) return false;
  // A write to a connection that the other side has ended carries no system call.
  return code === 'EPIPE' || ['connect', 'read', 'write', 'shutdown'].includes(syscall ?? '');
}

/**
 * The place of foreign code that threw: a user's module anywhere in the stack, else the throwing module if it is not ours. `null`:
 * Portway's own.
 */
export function foreignPlace(error: unknown): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const places = [...stack.matchAll(FRAME)].map(([, file, at]) => ({ file: plainPath(file!), at: at! }));
  const foreign = places.filter(({ file }) => !isOwn(file));
  const users = foreign.find(({ file }) => !file.includes(PACKAGES));
  const found = users ?? (foreign[0] === places[0] ? foreign[0] : undefined);
  return found === undefined ? null : `${found.file}:${found.at}`;
}

/** A frame of a module in a file, not one of Node's. */
const FRAME = /^ +at (?:.*\()?((?:file:\/\/)?\/(?!.*\[eval).*?):(\d+:\d+)\)?$/gm;
const PACKAGES = `${sep}node_modules${sep}`;

/** Modules of `extend:` are loaded anew by a query. */
function plainPath(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}

function isOwn(file: string): boolean {
  const own = dirname(findPackageJSON(import.meta.url) ?? '') + sep;
  return file.startsWith(own) && !file.slice(own.length - 1).includes(PACKAGES);
}
