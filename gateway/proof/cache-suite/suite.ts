import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { amendedModule } from './newest.ts';

/** The public suite of tests for HTTP caches (https://cache-tests.fyi), at one exact version. */
export const SUITE = 'http-cache-tests@0.4.5';

export type Kind = 'required' | 'optimal' | 'check';

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly kind: Kind;
  /** `null`: it passed; what the suite says otherwise. */
  readonly failure: string | null;
}

interface SuiteTest {
  readonly id: string;
  readonly name: string;
  readonly kind?: Kind;
  readonly browser_only?: boolean;
}

/** The suite, installed into a folder that is not the repository's. */
export class Suite {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = join(folder, 'node_modules', 'http-cache-tests');
  }

  /** Without the npm that it names as its dependency, and without anybody's scripts. */
  static async install(folder: string): Promise<Suite> {
    const suite = new Suite(folder);
    if (existsSync(suite.#folder)) return suite;
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', SUITE];
    await promisify(execFile)('npm', args, { cwd: folder });
    return suite;
  }

  /** The same with the expectations of its newest edition, in a folder of its own. */
  async newest(): Promise<Suite> {
    const folder = join(this.#folder, '../../newest');
    const suite = new Suite(folder);
    await cp(join(this.#folder, '..'), join(folder, 'node_modules'), { recursive: true });
    const index = join(suite.#folder, 'tests', 'index.mjs');
    await writeFile(
      join(suite.#folder, 'tests', 'original.mjs'),
      await readFile(join(this.#folder, 'tests', 'index.mjs')),
    );
    await writeFile(index, amendedModule('./original.mjs'));
    return suite;
  }

  /** Its origin. @returns what ends it. */
  async serve(port: number, pidFile: string): Promise<() => void> {
    const env = { npm_config_protocol: 'http', npm_config_port: String(port), npm_config_pidfile: pidFile };
    const processes = new Processes();
    const server = await processes.start([process.execPath, 'server/server.mjs'], { cwd: this.#folder, env });
    await until('the origin of the suite has begun', () => server.stdout !== '' || !server.alive);
    if (!server.alive) throw new Error(`the origin of the suite ended: ${server.complaint()}`);
    return () => processes.abandon();
  }

  /** @param base the origin that its client asks. @param id of one test, which then tells all that it sends and gets. */
  async run(base: string, id = ''): Promise<string> {
    const env = { ...process.env, npm_config_base: base, npm_config_id: id, npm_package_config_id: id };
    const options = { cwd: this.#folder, env, maxBuffer: 64 * 1024 * 1024 };
    const args = ['--no-warnings', 'cli.mjs'];
    return (await promisify(execFile)(process.execPath, args, options)).stdout;
  }

  async rows(base: string): Promise<Row[]> {
    const results: Record<string, true | [string, string] | undefined> = JSON.parse(await this.run(base));
    const tests = (await this.#tests()).filter(({ browser_only }) => browser_only !== true);
    return tests.map(({ id, name, kind = 'required' }) => {
      const result = results[id];
      const failure = result === true ? null : (result?.join(': ') ?? 'it did not run');
      return { id, name, kind, failure };
    });
  }

  async #tests(): Promise<SuiteTest[]> {
    const { default: groups } = await import(join(this.#folder, 'tests', 'index.mjs'));
    return (groups as { tests: SuiteTest[] }[]).flatMap(({ tests }) => tests);
  }
}
