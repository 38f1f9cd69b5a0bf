import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allowedCpus } from '../testing/machine.ts';
import { findTaskset, Processes } from '../testing/processes.ts';
import { selfSigned } from '../testing/self-signed.ts';

/** The processes, the temporary folder and the assignment of CPUs of a run. Its end releases all of them. */
export class Workspace {
  readonly processes = new Processes();
  readonly folder = mkdtempSync(join(tmpdir(), 'portway-bench-'));
  /** CPU of the proxy, and CPU of the load generator and the origin; `null`: not pinned. */
  readonly proxyCpu: number | null;
  readonly loadCpu: number | null;

  constructor() {
    const [first, second] = allowedCpus();
    const pins = findTaskset() !== null && first !== undefined && second !== undefined;
    this.proxyCpu = pins ? first : null;
    this.loadCpu = pins ? second : null;
    process.once('exit', () => this.#clear());
  }

  /** Makes `name` below the temporary folder, with these files in it. */
  makeFolder(name: string, files: Readonly<Record<string, string | Buffer>>): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
    return folder;
  }

  /** Files of a certificate for all peers, made when it is first asked for. */
  get certificate(): { readonly cert: string; readonly key: string } {
    const cert = join(this.folder, 'tls', 'site.crt');
    const key = join(this.folder, 'tls', 'site.key');
    if (!existsSync(key)) {
      const made = selfSigned('localhost');
      this.makeFolder('tls', { 'site.crt': made.cert, 'site.key': made.key });
    }
    return { cert, key };
  }

  async close(): Promise<void> {
    await this.processes.stopAll();
    this.#clear();
  }

  #clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
