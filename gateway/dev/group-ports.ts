import { readFile } from 'node:fs/promises';
import { linksOf, listeningSockets, portsByLsof, processIds, sorted } from './listening-sockets.ts';

/**
 * The TCP ports that a process group listens on, of whose port nobody hears: Vite takes the next one where its own is taken. None where that
 * can't be known.
 */
export async function portsOfGroup(group: number): Promise<number[]> {
  if (process.platform === 'darwin') return sorted(await portsByLsof('-g', String(group)));
  const pids = await processIds().catch(() => []);
  const links = new Set((await Promise.all(pids.map((pid) => linksOfMember(pid, group)))).flat());
  const sockets = links.size === 0 ? [] : await listeningSockets('tcp');
  return sorted(sockets.filter(({ link }) => links.has(link)).map(({ port }) => port));
}

async function linksOfMember(pid: string, group: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // proc(5): `pid (name) state parent group ...`; the name may hold spaces and parentheses.
  const [, , memberOf] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(memberOf) === group ? linksOf(pid) : [];
}
