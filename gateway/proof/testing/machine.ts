import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** A program or package that is there to be measured. */
export interface Installed {
  /** Absolute path of the program, or of the package's package.json. */
  readonly path: string;
  readonly version: string;
}

export interface Machine {
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** Processes that were running or waited to run, over the minute before the benchmark began. */
  readonly loadAverage: number;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpuModel: all[0]?.model.trim() ?? 'unknown',
    cpuCount: all.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: `Linux ${release()}`,
    loadAverage: loadavg()[0]!,
  };
}

/** Of the code; `null` outside a git checkout. */
export function currentCommit(): string | null {
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  return git.status === 0 ? git.stdout.trim() : null;
}

/**
 * A program on the PATH, or in the folders for administrators, which Debian leaves out of a user's PATH and puts nginx and haproxy in.
 * `versionPattern` captures the version in what `program ...versionArguments` prints.
 */
export function findProgram(
  name: string,
  versionArguments: readonly string[],
  versionPattern: RegExp,
): Installed | null {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (path === undefined) return null;
  const printed = spawnSync(path, versionArguments, { encoding: 'utf8' });
  const version = versionPattern.exec(`${printed.stdout}${printed.stderr}`)?.[1];
  return { path, version: version ?? 'unknown version' };
}

/** An npm package that `gateway/` can import. */
export function findPackage(name: string): Installed | null {
  try {
    const path = findPackageJSON(name, import.meta.url);
    return path === undefined ? null : { path, version: packageVersion(path) };
  } catch {
    return null;
  }
}

export function packageVersion(path: string): string {
  const parsed: { version?: unknown } = JSON.parse(readFileSync(path, 'utf8'));
  return String(parsed.version);
}

/** The CPUs that this process may run on: in a container they need not begin at 0. */
export function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return parseCpuList(list ?? '0');
}

/** `0-2,5` is 0, 1, 2, 5. */
export function parseCpuList(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
