import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { accepts } from '../../dev/port-probe.ts';
import { freeDatagramPort, freePort } from './free-port.ts';
import { until } from './poll.ts';
import { type Process, Processes, type StartOptions } from './processes.ts';

/** Where Debian keeps programs that are not on the path of users. */
const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', ...postgresFolders()];

/** The newest first. The commands in /usr/bin are wrappers that look for a cluster of the system. */
function postgresFolders(): string[] {
  const home = '/usr/lib/postgresql';
  if (!existsSync(home)) return [];
  return readdirSync(home)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(home, version, 'bin'));
}

/** Paths of programs that this project did not write; `missing` says which are not installed, and is empty where all are. */
export function findPrograms<Name extends string>(
  ...names: readonly Name[]
): { readonly paths: Readonly<Record<Name, string>>; readonly missing: string } {
  const found = names.map((name) => {
    const folders = name.startsWith('p') ? [...FOLDERS].reverse() : FOLDERS;
    return [name, folders.map((folder) => join(folder, name)).find((path) => existsSync(path))] as const;
  });
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  return { paths: Object.fromEntries(found) as Record<Name, string>, missing: missing.join(', ') };
}

/** A server of another project, as a process on its own loopback port, with a folder that is removed with it. */
export class RealServer {
  readonly port: number;
  readonly #process: Process;
  readonly #folder: string;

  private constructor(started: Process, port: number, folder: string) {
    this.port = port;
    this.#process = started;
    this.#folder = folder;
  }

  static async redis(): Promise<RealServer> {
    const { paths } = findPrograms('redis-server');
    const [port, folder] = [await freePort(), temporary(null)];
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    return RealServer.#start([paths['redis-server'], ...args], port, folder);
  }

  /** It refuses to run as root. */
  static async postgres(): Promise<RealServer> {
    const { paths } = findPrograms('initdb', 'postgres');
    const user = unprivileged();
    const [port, folder] = [await freePort(), temporary(user)];
    const options = { cwd: folder, ...(user ?? {}) };
    const data = join(folder, 'data');
    const init = ['-D', data, '-U', 'portway', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
    const { status, stderr } = spawnSync(paths.initdb, init, { ...options, encoding: 'utf8' });
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`);
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
    const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
    // Of PostgreSQL this one asks not to wait for clients.
    return RealServer.#start([paths.postgres, ...args], port, folder, { user, endsOn: 'SIGINT' });
  }

  /** A name server for `portway.test`: an address, a short text, and one that no datagram of 512 bytes holds. */
  static async dnsmasq(): Promise<RealServer> {
    const { paths } = findPrograms('dnsmasq');
    const [port, folder] = [await freeDatagramPort(), temporary(null)];
    const long = Array.from({ length: 6 }, (_, at) => String(at).repeat(200)).join(',');
    const args = [
      '--keep-in-foreground',
      '--log-facility=-',
      '--conf-file=/dev/null',
      '--pid-file=',
      '--no-resolv',
      '--no-hosts',
      '--bind-interfaces',
      '--listen-address=127.0.0.1',
      `--port=${port}`,
      `--user=${userInfo().username}`,
      '--address=/portway.test/192.0.2.7',
      `--txt-record=long.portway.test,${long}`,
    ];
    return RealServer.#start([paths.dnsmasq, ...args], port, folder);
  }

  static async #start(
    command: readonly [string, ...string[]],
    port: number,
    folder: string,
    options: StartOptions = {},
  ): Promise<RealServer> {
    const started = await new Processes().start(command, { cwd: folder, ...options });
    const server = new RealServer(started, port, folder);
    await until('the server accepts connections', () => server.#accepts(), 20_000).catch(
      async (error: Error) => {
        await server.stop();
        throw new Error(`${error.message}; it said:\n${started.log.text()}`);
      },
    );
    return server;
  }

  async #accepts(): Promise<boolean> {
    const { end, log } = this.#process;
    if (end !== null) throw new Error(`it ended with ${end}; it said:\n${log.text()}`);
    return accepts('127.0.0.1', this.port, 1_000);
  }

  /** Asks it to end, then makes it. */
  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** `null`: this process is unprivileged already. */
function unprivileged(): User | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string, name: string) => spawnSync('id', [flag, name], { encoding: 'utf8' });
  const name = id('-u', 'postgres').status === 0 ? 'postgres' : 'nobody';
  return { uid: Number(id('-u', name).stdout), gid: Number(id('-g', name).stdout) };
}

function temporary(owner: User | null): string {
  const folder = mkdtempSync(join(tmpdir(), 'portway-real-'));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

/** Runs a client of another project to its end. @throws with its output, if it fails or takes too long. */
export async function runClient(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly withinMs?: number; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { input = '', withinMs = 60_000, env = {} } = options;
  const processes = new Processes();
  const client = await processes.start([program, ...args], { env, input });
  const late = setTimeout(() => void processes.killAll(), withinMs);
  const { code } = await client.ended;
  clearTimeout(late);
  if (code === 0) return client.stdout;
  throw new Error(`${program} ${args.join(' ')}: ${client.end}\n${client.stdout}${client.stderr}`);
}
