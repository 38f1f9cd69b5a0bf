/** The fleet of docker-compose.yml, run by a real engine from a copy of this tree, under a project name and on ports of its own. */

import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../../testing/free-port.ts';

const run = promisify(execFile);
const top = join(import.meta.dirname, '..', '..', '..', '..');

/** What `docker inspect` says of a container, as far as it is asked here. */
export interface Container {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly Health?: { Status: string };
  };
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly Init: boolean;
    readonly CapDrop: readonly string[];
    readonly SecurityOpt: readonly string[];
    readonly PortBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>>;
  };
}

export class ComposeFleet {
  /** The copy of the tree: its gateway.config.yaml may be edited. */
  readonly folder: string;
  readonly project: string;
  readonly httpPort: number;
  readonly streamPort: number;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string, project: string, [httpPort, streamPort]: readonly number[]) {
    this.folder = folder;
    this.project = project;
    this.httpPort = httpPort!;
    this.streamPort = streamPort!;
    this.#env = {
      ...process.env,
      COMPOSE_PROJECT_NAME: project,
      PORTWAY_PORT: String(httpPort),
      PORTWAY_STREAM_PORT: String(streamPort),
    };
  }

  static async prepare(): Promise<ComposeFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'portway-docker-'));
    // The user of the container reads it too.
    await chmod(folder, 0o755);
    await copyTree(folder);
    const project = process.env.COMPOSE_PROJECT_NAME || `portway-proof-${process.pid}`;
    return new ComposeFleet(folder, project, await freePorts(2));
  }

  /** `docker-compose ...`, or the command that COMPOSE_COMMAND names. @returns its standard output */
  compose(...args: readonly string[]): Promise<string> {
    const [command = 'docker-compose', ...first] = (process.env.COMPOSE_COMMAND || 'docker-compose').split(
      ' ',
    );
    return this.#output(command, [...first, ...args]);
  }

  docker(...args: readonly string[]): Promise<string> {
    return this.#output('docker', args);
  }

  /** Runs a script with the Node of a container, as its user. @returns what it prints */
  async evaluate(service: string, script: string): Promise<string> {
    const { Id } = await this.container(service);
    return (await this.docker('exec', Id, 'node', '-e', script)).trim();
  }

  /** By the names of their services, stopped ones too. */
  async containers(): Promise<ReadonlyMap<string, Container>> {
    const ids = await this.ids('ps', '--all');
    const found: Container[] = ids.length === 0 ? [] : JSON.parse(await this.docker('inspect', ...ids));
    return new Map(found.map((one) => [one.Config.Labels['com.docker.compose.service'] ?? one.Id, one]));
  }

  async container(service: string): Promise<Container> {
    const found = (await this.containers()).get(service);
    if (found === undefined) throw new Error(`no container of ${service} in the project ${this.project}`);
    return found;
  }

  /** What the engine still has of this project: `ps --all`, `network ls`, `volume ls`. */
  async ids(...command: readonly string[]): Promise<readonly string[]> {
    const ofProject = ['--quiet', '--filter', `label=com.docker.compose.project=${this.project}`];
    return (await this.docker(...command, ...ofProject)).split('\n').filter((id) => id !== '');
  }

  async images(): Promise<readonly string[]> {
    const names = (await this.docker('images', '--format', '{{.Repository}}')).split('\n');
    // Compose 1 puts `_` between the project and the service, Compose 2 a hyphen.
    return names.filter((name) => name.startsWith(`${this.project}_`) || name.startsWith(`${this.project}-`));
  }

  async remove(): Promise<void> {
    await this.compose('down', '--volumes', '--remove-orphans', '--rmi', 'local');
    await rm(this.folder, { recursive: true, force: true });
  }

  async #output(command: string, args: readonly string[]): Promise<string> {
    const options = { cwd: this.folder, env: this.#env, maxBuffer: 64 * 1024 * 1024 };
    try {
      return (await run(command, args, options)).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      const said = `${stdout}${stderr}`.trim().split('\n').slice(-40).join('\n');
      throw new Error(`${command} ${args.join(' ')} failed:\n${said}`, { cause: error });
    }
  }
}

/** As it is, uncommitted changes and new files too, but nothing that git ignores: a clone has none of that. */
async function copyTree(folder: string): Promise<void> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { stdout } = await run('git', list, { cwd: top, maxBuffer: 64 * 1024 * 1024 });
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    const copied = cp(join(top, file), join(folder, file), { recursive: true });
    // Deleted, and not yet committed.
    await copied.catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}
