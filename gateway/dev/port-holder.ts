import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { printable } from '../log/printable.ts';
import { linksOf, listeningSockets, type Protocol, processIds } from './listening-sockets.ts';

/** The process that listens on a port. */
export interface PortHolder {
  readonly pid: number;
  /** Its command line, cut to 120 characters, with control characters made visible. */
  readonly command: string;
}

const longestCommand = 120;
const run = promisify(execFile);

/**
 * The process that listens on a port of this machine. `null`: none, or unknown, because it belongs to another user or the platform has no
 * way to ask (Linux: /proc; macOS: lsof).
 */
export async function portHolder(port: number, protocol: Protocol = 'tcp'): Promise<PortHolder | null> {
  const find = { linux: holderFromProc, darwin: holderFromLsof }[process.platform as string];
  const holder = (await find?.(port, protocol).catch(() => null)) ?? null;
  return holder === null ? null : { ...holder, command: shorten(holder.command) };
}

/** `node server.js (pid 123)`, or how to find out. */
export function describeHolder(
  holder: PortHolder | null,
  port: number,
  protocol: Protocol = 'tcp',
  platform: string = process.platform,
): string {
  if (holder !== null) return `${holder.command} (pid ${holder.pid})`;
  const ss = `sudo ss -l${protocol === 'tcp' ? 't' : 'u'}np sport = :${port}`;
  const ask = { linux: ss, win32: `netstat -ano | findstr :${port}` }[platform];
  return `a process that this user can't see (\`${ask ?? `sudo lsof ${lsofFilter(port, protocol).join(' ')}`}\` may tell)`;
}

async function holderFromProc(port: number, protocol: Protocol): Promise<PortHolder | null> {
  const found = (await listeningSockets(protocol)).filter((socket) => socket.port === port);
  if (found.length === 0) return null;
  const sockets = new Set(found.map(({ link }) => link));
  for (const pid of await processIds()) {
    if ((await linksOf(pid)).some((link) => sockets.has(link))) return processOf(Number(pid));
  }
  return null;
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
