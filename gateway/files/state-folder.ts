import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder for state that outlives the process: systemd's `StateDirectory=`, else the user's state (XDG Base Directory), for root the
 * system's.
 */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  // systemd separates several by colons.
  if (env.STATE_DIRECTORY) return env.STATE_DIRECTORY.split(':')[0]!;
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, 'portway');
  if (process.getuid?.() === 0) return '/var/lib/portway';
  return join(env.HOME || homedir(), '.local', 'state', 'portway');
}
