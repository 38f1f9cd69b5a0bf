import { readdirSync, readFileSync } from 'node:fs';

/** One line of `/proc/<pid>/stat` (proc_pid_stat(5)), as far as CPU time is concerned. */
export interface ProcessTimes {
  readonly pid: number;
  readonly parentPid: number;
  /** User and system time of all threads, those that ended included, and of children that were waited for. */
  readonly ticks: number;
}

/** USER_HZ is 100 on every architecture that Node runs on, whatever the kernel's own HZ. */
const microsecondsPerTick = 10_000;

/**
 * Reads the text of `/proc/<pid>/stat`.
 * The second field is the command in parentheses and may hold blanks and parentheses itself, so fields are counted from the last `)`.
 * @throws Error where the text is not such a line.
 */
export function parseProcStat(text: string): ProcessTimes {
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (oneBased: number) => Number(fields[oneBased - 3]);
  const ticks = field(14) + field(15) + field(16) + field(17);
  if (!Number.isInteger(pid) || !Number.isInteger(field(4)) || !Number.isInteger(ticks)) {
    throw new Error(`not a line of /proc/<pid>/stat: ${JSON.stringify(text.slice(0, 80))}`);
  }
  return { pid, parentPid: field(4), ticks };
}

/** Ticks of `root` and of everything that descends from it: nginx is a master and its worker. */
export function treeTicks(processes: readonly ProcessTimes[], root: number): number {
  const own = processes.find((each) => each.pid === root)?.ticks ?? 0;
  const children = processes.filter((each) => each.parentPid === root);
  return children.reduce((sum, child) => sum + treeTicks(processes, child.pid), own);
}

/**
 * CPU time (user + system) that the process `pid` and its descendants have used so far, in microseconds, in steps of 10 ms.
 * @throws Error where there is no such process, or no `/proc`.
 */
export function cpuMicroseconds(pid: number): number {
  const processes = readProcesses();
  if (!processes.some((each) => each.pid === pid)) {
    throw new Error(`process ${pid} is gone: its CPU time can't be read from /proc/${pid}/stat`);
  }
  return treeTicks(processes, pid) * microsecondsPerTick;
}

/**
 * CPU time that everything on this machine has used so far, on all CPUs, in microseconds.
 * @throws Error where there is no `/proc`.
 */
export function machineCpuMicroseconds(): number {
  return parseMachineStat(readFileSync('/proc/stat', 'utf8')) * microsecondsPerTick;
}

/**
 * Reads the ticks in use out of the text of `/proc/stat` (proc_stat(5)): user, nice, system, irq and softirq; not idle and iowait,
 * not what the hypervisor took, and not guests, which user has already.
 * @throws Error where the text begins with something else.
 */
export function parseMachineStat(text: string): number {
  const found = /^cpu +(\d+) (\d+) (\d+) \d+ \d+ (\d+) (\d+)/.exec(text);
  if (found === null) throw new Error(`not /proc/stat: ${JSON.stringify(text.slice(0, 80))}`);
  return found.slice(1).reduce((sum, ticks) => sum + Number(ticks), 0);
}

function readProcesses(): ProcessTimes[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      return [parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))];
    } catch (error) {
      // A process may end between the listing and the read.
      if (isGone(error)) return [];
      throw error;
    }
  });
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ESRCH';
}
