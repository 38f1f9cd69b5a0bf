import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where a gateway keeps what must outlive it: systemd's `StateDirectory=`, else the state of the user (XDG Base Directory), of root that of the system. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  // systemd separates several by colons.
  if (env.STATE_DIRECTORY) return env.STATE_DIRECTORY.split(':')[0]!;
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, 'portway');
  if (process.getuid?.() === 0) return '/var/lib/portway';
  return join(env.HOME || homedir(), '.local', 'state', 'portway');
}
