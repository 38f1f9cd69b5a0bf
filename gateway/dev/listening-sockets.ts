/** Sockets that listen on this machine: Linux by /proc, macOS by lsof. */

import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** TCP and UDP ports of the same number are different ports. */
export type Protocol = 'tcp' | 'udp';

export interface ListeningSocket {
  readonly port: number;
  /** The target of its descriptor in /proc/PID/fd: `socket:[inode]`. */
  readonly link: string;
}

/** On Linux; none elsewhere. */
export async function listeningSockets(protocol: Protocol): Promise<ListeningSocket[]> {
  const files = [`/proc/net/${protocol}`, `/proc/net/${protocol}6`];
  const tables = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return tables.flatMap((table) => socketsIn(table, protocol));
}

/** @param table of proc(5): `sl local_address rem_address st ... inode`, addresses and state in hex */
export function socketsIn(table: string, protocol: Protocol): ListeningSocket[] {
  // TCP_LISTEN; UDP has no such state, and shows a socket that is bound and not connected as TCP_CLOSE.
  const listen = protocol === 'tcp' ? '0A' : '07';
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === listen)
    .map(([, address, , , , , , , , inode]) => ({
      port: Number.parseInt(address!.slice(address!.lastIndexOf(':') + 1), 16),
      link: `socket:[${inode}]`,
    }));
}

/** On Linux. */
export async function processIds(): Promise<string[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
}

/** Processes of other users don't show their descriptors, and any may end while we look. */
export async function linksOf(pid: string): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return Promise.all(descriptors.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
}

/** On macOS. @param filters of lsof, which must all hold */
export async function portsByLsof(...filters: readonly string[]): Promise<number[]> {
  const argv = ['-nP', '-a', ...filters, '-iTCP', '-sTCP:LISTEN', '-Fn'];
  const { stdout } = await promisify(execFile)('lsof', argv, { timeout: 5_000 }).catch(() => ({
    stdout: '',
  }));
  return Array.from(stdout.matchAll(/^n.*:(\d+)$/gm), ([, port]) => Number(port));
}

/** Each once, the least first. */
export function sorted(ports: readonly number[]): number[] {
  return [...new Set(ports)].sort((a, b) => a - b);
}

/**
 * The TCP ports that a process group listens on, for processes that choose their own: Vite takes the next port if its own is taken. Empty
 * if unknown.
 */
export async function portsOfGroup(group: number): Promise<number[]> {
  if (process.platform === 'darwin') return sorted(await portsByLsof('-g', String(group)));
  const pids = await processIds().catch(() => []);
  const links = new Set((await Promise.all(pids.map((pid) => linksOfMember(pid, group)))).flat());
  const sockets = links.size === 0 ? [] : await listeningSockets('tcp');
  return sorted(sockets.filter(({ link }) => links.has(link)).map(({ port }) => port));
}

async function linksOfMember(pid: string, group: number): Promise<string[]> {
  return (await membership(pid)).group === group ? linksOf(pid) : [];
}

/** On Linux: the state of a process, and the group that it is a member of. */
export async function membership(pid: string): Promise<{ readonly state: string; readonly group: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // proc(5): `pid (name) state parent group ...`; the name may hold spaces and parentheses.
  const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, group: Number(group) };
}
