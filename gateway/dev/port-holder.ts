import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { printable } from '../log/printable.ts';

/** The process that listens on a port. */
export interface PortHolder {
  readonly pid: number;
  /** Its command line, cut to 120 characters, with control characters made visible. */
  readonly command: string;
}

const longestCommand = 120;
const run = promisify(execFile);

/** A UDP port is another port than the TCP port of the same number. */
type Protocol = 'tcp' | 'udp';

/**
 * The process that listens on the port of this machine. `null` where that can't be known: nobody does, the process belongs to another user, or
 * the platform has no way to ask (Linux: /proc; macOS: lsof).
 */
export async function portHolder(port: number, protocol: Protocol = 'tcp'): Promise<PortHolder | null> {
  const find = { linux: holderFromProc, darwin: holderFromLsof }[process.platform as string];
  const holder = (await find?.(port, protocol).catch(() => null)) ?? null;
  return holder === null ? null : { ...holder, command: shorten(holder.command) };
}

/** `node server.js (pid 123)`, or what to do to learn it. */
export function describeHolder(holder: PortHolder | null, port: number, protocol: Protocol = 'tcp'): string {
  if (holder !== null) return `${holder.command} (pid ${holder.pid})`;
  const ss = `sudo ss -l${protocol === 'tcp' ? 't' : 'u'}np sport = :${port}`;
  const ask = { linux: ss, win32: `netstat -ano | findstr :${port}` }[process.platform as string];
  return `a process that this user can't see (\`${ask ?? `sudo lsof ${lsofFilter(port, protocol).join(' ')}`}\` may tell)`;
}

async function holderFromProc(port: number, protocol: Protocol): Promise<PortHolder | null> {
  const tables = [`/proc/net/${protocol}`, `/proc/net/${protocol}6`].map((file) =>
    readFile(file, 'utf8').catch(() => ''),
  );
  const found = (await Promise.all(tables)).flatMap((table) => listeningSockets(table, port, protocol));
  const sockets = new Set(found);
  if (sockets.size === 0) return null;
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await hasOpen(name, sockets))) return processOf(Number(name));
  }
  return null;
}

/**
 * The sockets that listen on the port in a table of proc(5): `sl local_address rem_address st ... inode`, addresses and state in hex.
 * @returns what /proc/PID/fd/N links to: `socket:[inode]`.
 */
export function listeningSockets(table: string, port: number, protocol: Protocol = 'tcp'): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  // TCP_LISTEN; UDP has no such state, and shows a socket that is bound and not connected as TCP_CLOSE.
  const listen = protocol === 'tcp' ? '0A' : '07';
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === listen)
    .map((columns) => `socket:[${columns[9]}]`);
}

/** Processes of other users don't show their descriptors, and any may end while we look. */
async function hasOpen(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []);
  const links = descriptors.map((name) => readlink(`${folder}/${name}`).catch(() => ''));
  return (await Promise.all(links)).some((link) => sockets.has(link));
}

async function processOf(pid: number): Promise<PortHolder> {
  const [commandLine, name] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
  ]);
  return { pid, command: commandLine.replaceAll('\0', ' ').trim() || name.trim() };
}

function lsofFilter(port: number, protocol: Protocol): string[] {
  return protocol === 'tcp' ? ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN'] : ['-nP', `-iUDP:${port}`];
}

async function holderFromLsof(port: number, protocol: Protocol): Promise<PortHolder | null> {
  const { stdout } = await run('lsof', [...lsofFilter(port, protocol), '-t'], { timeout: 3000 });
  const pid = Number.parseInt(stdout, 10);
  if (Number.isNaN(pid)) return null;
  const process = await run('ps', ['-o', 'command=', '-p', String(pid)], { timeout: 3000 });
  return { pid, command: process.stdout.trim() };
}

function shorten(command: string): string {
  const text = printable(command);
  return text.length > longestCommand ? `${text.slice(0, longestCommand - 3)}...` : text;
}
