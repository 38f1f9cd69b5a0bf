/** Where a process group listens, of whose port nobody hears: Vite takes the next one where its own is taken. */

import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The TCP ports that a process group listens on. None where that can't be known (Linux: /proc; macOS: lsof). */
export async function portsOfGroup(group: number): Promise<number[]> {
  const find = { linux: portsFromProc, darwin: portsFromLsof }[process.platform as string];
  const ports = (await find?.(group).catch(() => [])) ?? [];
  return [...new Set(ports)].sort((a, b) => a - b);
}

async function portsFromProc(group: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const sockets = new Set((await Promise.all(pids.map((pid) => socketsOfMember(pid, group)))).flat());
  if (sockets.size === 0) return [];
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => ''));
  // proc(5): `sl local_address rem_address st ... inode`, addresses and state in hex; 0A is TCP_LISTEN.
  return (await Promise.all(tables))
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && sockets.has(`socket:[${columns[9]}]`))
    .map((columns) => Number.parseInt(columns[1]!.split(':')[1]!, 16));
}

/** A process may end while we look, and those of other users don't show their descriptors. */
async function socketsOfMember(pid: string, group: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // proc(5): `pid (name) state parent group ...`; the name may hold spaces and parentheses.
  const [, , memberOf] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (Number(memberOf) !== group) return [];
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = descriptors.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => ''));
  return (await Promise.all(links)).filter((link) => link.startsWith('socket:'));
}

async function portsFromLsof(group: number): Promise<number[]> {
  const args = ['-nP', '-a', '-g', String(group), '-iTCP', '-sTCP:LISTEN', '-Fn'];
  const { stdout } = await promisify(execFile)('lsof', args, { timeout: 3_000 });
  return Array.from(stdout.matchAll(/^n.*:(\d+)$/gm), ([, port]) => Number(port));
}
