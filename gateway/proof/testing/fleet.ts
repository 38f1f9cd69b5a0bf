import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageStatus } from '../../observe/page/page-status.ts';
import { freePorts } from './free-port.ts';
import { until } from './poll.ts';
import { PortwayProcess } from './portway.ts';
import { Processes } from './processes.ts';

/** The services of this repository that have a page, each at its path. */
const PAGE_SERVICES = ['db', 'files', 'images', 'chat'] as const;

/** The gateway with the real services behind their prefixes, as `npm start` runs them, on free ports and with data of their own. */
export class Fleet {
  readonly origin: string;
  readonly folder: string;
  readonly process: PortwayProcess;

  private constructor(origin: string, folder: string, process: PortwayProcess) {
    this.origin = origin;
    this.folder = folder;
    this.process = process;
  }

  static async start(): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), 'portway-fleet-'));
    const [port, ...ports] = (await freePorts(1 + PAGE_SERVICES.length)) as [number, ...number[]];
    await writeFile(join(folder, 'gateway.config.yaml'), configuration(port, ports, folder));
    const process = new PortwayProcess(new Processes(), ['dev'], { cwd: folder });
    // Said when every service is ready.
    await process.said('Ctrl-C stops everything', 60_000);
    return new Fleet(`http://localhost:${port}`, folder, process);
  }

  /** Kills a service, and waits until its supervisor has it running again. */
  async kill(service: string): Promise<void> {
    const page = await fetch(this.origin, { headers: { Accept: 'application/json' } });
    const { routes } = (await page.json()) as PageStatus;
    const { pid } = routes.find(({ path }) => path === `/${service}`)!.details!.service!;
    const ready = () => this.process.plain().split(`${service} is ready`).length;
    const before = ready();
    process.kill(pid!, 'SIGKILL');
    await until(`${service} is ready again`, () => ready() > before, 15_000);
  }

  async stop(): Promise<void> {
    this.process.child.kill('SIGTERM');
    await this.process.ended();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function configuration(port: number, ports: readonly number[], folder: string): string {
  const services = fileURLToPath(new URL('../../../services', import.meta.url));
  const lines = PAGE_SERVICES.map((name, index) => ({ name, port: ports[index] }));
  const routes = lines.map(
    ({ name, port }) => `  /${name}: { to: ${port}${name === 'images' ? ', cache: true' : ''} }`,
  );
  const runs = lines.map(
    ({ name, port }) =>
      `  ${name}: { run: "node '${services}/${name}/main.ts'", port: ${port}, env: { DATA_DIR: ${JSON.stringify(join(folder, name))} } }`,
  );
  return [`port: ${port}`, 'admin: false', 'routes:', ...routes, 'services:', ...runs, ''].join('\n');
}
