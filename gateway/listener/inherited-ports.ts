/**
 * Ports that systemd has opened, by socket activation (sd_listen_fds(3)): they take connections while the gateway is started anew, and need no
 * right to open ports below 1024.
 */

type Env = Readonly<Record<string, string | undefined>>;

/** Descriptors in the order of the unit's `ListenStream=`; those for another process are ignored. */
export function inheritedPorts(env: Env, pid = process.pid): readonly number[] {
  if (Number(env.LISTEN_PID) !== pid) return [];
  const count = Number(env.LISTEN_FDS);
  if (!Number.isInteger(count) || count < 1 || count > INHERITED_MAX) return [];
  return Array.from({ length: count }, (_, at) => FIRST + at);
}

/** The error of a primary. A descriptor that several processes share ends with the last of them, and the next worker would find none. */
export const NOT_WITH_WORKERS =
  'systemd has opened ports, which are not taken beside `workers:`: take `workers:` out, or the .socket unit';

/** SD_LISTEN_FDS_START */
const FIRST = 3;
const INHERITED_MAX = 16;
