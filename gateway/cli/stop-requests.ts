import { isatty } from 'node:tty';
import type { CommandContext } from './command.ts';

/**
 * A Ctrl-C that comes so soon after the first request is the same one: it reaches the whole foreground group, and `npm` passes
 * its copy on to us.
 */
const sameKeyPressMs = 400;

const parentCheckMs = 200;

export interface StopRequestOptions {
  /** SIGHUP: the configuration is to be read again. */
  readonly reload: () => Promise<void>;
  /** SIGUSR2: new workers are to take the places of those that serve. */
  readonly replace: () => Promise<unknown>;
  /** A second Ctrl-C: somebody doesn't want to wait. */
  readonly hurry: () => void;
}

/**
 * Listens to the signals that ask a staying command to do something. The promise resolves with the first request to stop: SIGINT,
 * SIGTERM, or SIGHUP where it means that the terminal has gone.
 */
export function stopRequested(context: CommandContext, options: StopRequestOptions): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let requestedAt: number | null = null;
  const request = (signal: NodeJS.Signals) => {
    requestedAt ??= performance.now();
    resolve(signal);
  };
  context.process.on('SIGTERM', () => request('SIGTERM'));
  context.process.on('SIGINT', () => {
    if (requestedAt !== null && performance.now() - requestedAt > sameKeyPressMs) options.hurry();
    request('SIGINT');
  });
  const onTerminal = context.stdout.isTTY === true;
  context.process.on('SIGHUP', () => {
    // The kernel also sends it when the terminal closes, and then Ctrl-C is impossible.
    if (onTerminal && !isatty(1)) request('SIGHUP');
    else void options.reload();
  });
  // Other servers open their logs anew by it, so that logrotate sends it; without a listener Node would open its debugger.
  context.process.on('SIGUSR1', () => {});
  // Without a listener it would end the process.
  context.process.on('SIGUSR2', () => void options.replace());
  return promise;
}

/**
 * Resolves when the package manager that runs us has gone. `npm` passes SIGTERM to the shell between us, which dies without telling its
 * child; all we see is a new parent.
 */
export function packageManagerGone(context: CommandContext): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  // Elsewhere a new parent is no reason to stop: the shell of `portway dev &` may leave.
  if (context.env.npm_lifecycle_event === undefined && context.env.npm_command === undefined) return promise;
  const parent = context.process.ppid;
  const timer = setInterval(() => {
    if (context.process.ppid === parent) return;
    clearInterval(timer);
    resolve('npm has gone');
  }, parentCheckMs);
  timer.unref();
  return promise;
}
