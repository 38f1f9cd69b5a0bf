import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { printable } from '../observe/printable.ts';

/** The process that listens on a port. */
export interface PortHolder {
  readonly pid: number;
  /** Its command line, cut to 120 characters, with control characters made visible. */
  readonly command: string;
}

const longestCommand = 120;
const run = promisify(execFile);

/**
 * Who listens on the TCP port of this machine. `null` where that can't be known: nobody does, the process belongs to another user, or
 * the platform has no way to ask (Linux: /proc; macOS: lsof).
 */
export async function portHolder(port: number): Promise<PortHolder | null> {
  const find = { linux: holderFromProc, darwin: holderFromLsof }[process.platform as string];
  const holder = (await find?.(port).catch(() => null)) ?? null;
  return holder === null ? null : { ...holder, command: shorten(holder.command) };
}

/** `node server.js (pid 123)`, or what to do to learn it. */
export function describeHolder(holder: PortHolder | null, port: number): string {
  if (holder !== null) return `${holder.command} (pid ${holder.pid})`;
  const ask = { linux: `sudo ss -ltnp sport = :${port}`, win32: `netstat -ano | findstr :${port}` }[
    process.platform as string
  ];
  return `a process that this user can't see (\`${ask ?? `sudo lsof -nP -iTCP:${port} -sTCP:LISTEN`}\` may tell)`;
}

async function holderFromProc(port: number): Promise<PortHolder | null> {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => ''));
  const sockets = new Set((await Promise.all(tables)).flatMap((table) => listeningSockets(table, port)));
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
export function listeningSockets(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listen = '0A';
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

async function holderFromLsof(port: number): Promise<PortHolder | null> {
  const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], { timeout: 3000 });
  const pid = Number.parseInt(stdout, 10);
  if (Number.isNaN(pid)) return null;
  const process = await run('ps', ['-o', 'command=', '-p', String(pid)], { timeout: 3000 });
  return { pid, command: process.stdout.trim() };
}

function shorten(command: string): string {
  const text = printable(command);
  return text.length > longestCommand ? `${text.slice(0, longestCommand - 3)}...` : text;
}
