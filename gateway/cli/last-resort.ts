import { findPackageJSON } from 'node:module';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
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
    const foreign = foreignPlace(error);
    const whose =
      foreign === null
        ? 'a bug in Portway, please report it'
        : `code that is not Portway's own threw where nobody catches, at ${foreign}: if it is a plugin's (use:, extend:), mend it there`;
    log.fatal({ err: error }, `${whose}; the process ends, its state is undefined`);
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

/**
 * Where code of somebody else has thrown: a module of the user's that stands anywhere in the stack, else what has thrown itself, where that is
 * no code of ours. `null`: Portway's own.
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
