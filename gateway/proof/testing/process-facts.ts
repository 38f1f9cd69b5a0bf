import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Open descriptors of a process (Linux). */
export interface Descriptors {
  readonly all: number;
  readonly sockets: number;
}

/** @throws where there is no such process. */
export function descriptorsOf(pid: number): Descriptors {
  const folder = `/proc/${pid}/fd`;
  const targets = readdirSync(folder).map((name) => linkOf(`${folder}/${name}`));
  const open = targets.filter((target) => target !== null);
  return { all: open.length, sockets: open.filter((target) => target.startsWith('socket:')).length };
}

/** One that was closed since the folder was read has none. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Memory that a process holds now, in bytes (Linux). @throws where there is no such process. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** Processes whose parent this is (Linux). */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}
