import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type App, type DebianSource, type NpmSource, run } from './app.ts';

/** An application that is there: its version, and its project where it has one. */
export interface Installation {
  readonly version: string;
  readonly project: string | null;
}

/** Kept outside of the repository, for the next run. */
const KEPT = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'portway-apps');

/** @returns `null`: it can't be had here, from Debian or from npm, which is no fault of the gateway. */
export function installed({ name, source }: App): Promise<Installation | null> {
  if (!('npm' in source)) return debianPackage(source);
  const project = () => npmProject(name, source);
  return project()
    .catch(project)
    .catch((cause: unknown) => {
      console.log(String(cause));
      return null;
    });
}

async function npmProject(name: string, source: NpmSource): Promise<Installation> {
  const recipe = createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 12);
  const folder = join(KEPT, `${name}-${recipe}`);
  const project = source.project === undefined ? folder : join(folder, 'app');
  const done = join(folder, 'installed');
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await makeProject(source, folder, project);
    writeFileSync(done, '');
  }
  const { version } = JSON.parse(
    readFileSync(join(project, 'node_modules', source.npm, 'package.json'), 'utf8'),
  );
  return { version, project };
}

async function makeProject(source: NpmSource, folder: string, project: string): Promise<void> {
  const npm = (cwd: string, ...args: string[]) => run('npm', args, cwd);
  if (source.project !== undefined) await npm(folder, 'exec', '-y', '--', ...source.project);
  for (const [file, text] of Object.entries(source.files ?? {})) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), text);
  }
  for (const [file, text, replacement] of source.edits ?? []) {
    const before = readFileSync(join(project, file), 'utf8');
    if (!before.includes(text)) throw new Error(`${file} has no ${text}`);
    writeFileSync(join(project, file), before.replace(text, replacement));
  }
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--save-exact'];
  await npm(project, 'install', ...quiet, ...source.packages);
}

async function debianPackage({ debian }: DebianSource): Promise<Installation | null> {
  const packages = debian.split(' ');
  const found = async () => {
    const { stdout } = await run('dpkg', ['-s', ...packages]);
    const version = /^Status: .* installed$[\s\S]*?^Version: (.+)$/m.exec(stdout)?.[1];
    if (version === undefined) throw new Error(`${debian} is not installed`);
    return { version: `${version} (Debian)`, project: null };
  };
  // Its service is started by us, not by the system.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = () =>
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], undefined, env);
  return found()
    .catch(() => install().then(found))
    .catch(() => null);
}
