import type { Logger } from 'pino';
import type { Gateway, GatewayOptions } from '../gateway.ts';
import { type Paint, painter, wantsColour } from '../log/paint.ts';
import { formatDuration } from '../log/units.ts';
import type { GatewayConfig, ServiceConfig } from '../model/config.ts';
import type { ReloadResult } from '../proxy/reloader.ts';
import { FreePorts } from './free-ports.ts';
import { LabelledOutput } from './labelled-output.ts';
import { renderMap } from './map.ts';
import { readableLines } from './readable-line.ts';
import { serviceEnvironment } from './service-environment.ts';
import { Supervisor } from './supervisor.ts';

export interface WorkbenchOptions {
  readonly configFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly stdout: NodeJS.WriteStream;
  /** Path of the Node that services shall run on. */
  readonly node: string;
  readonly startGateway: (options: GatewayOptions) => Promise<Gateway>;
}

/** What `portway dev` runs: the gateway, the services behind it, and the terminal that shows them all. */
export class Workbench {
  readonly #options: WorkbenchOptions;
  readonly #paint: Paint;
  readonly #output: LabelledOutput;
  readonly #supervisor: Supervisor;
  readonly #ports = new FreePorts();
  #gateway: Gateway | null = null;

  constructor(options: WorkbenchOptions) {
    const { stdout, env, node } = options;
    const colours = wantsColour(stdout.isTTY === true, env);
    this.#options = options;
    this.#paint = painter(colours);
    this.#output = new LabelledOutput({
      write: (text) => stdout.write(text),
      paint: this.#paint,
      keepColours: colours,
    });
    const readable = readableLines({ colour: colours });
    this.#supervisor = new Supervisor({
      report: {
        line: (service, text) => this.#output.say(service, readable(text)),
        notice: (text) => this.#output.notice(text),
      },
      environment: (service) => serviceEnvironment(service, env, { colours, node }),
    });
  }

  /**
   * Starts the gateway, then the services: where its port is taken, nothing else is begun.
   * @throws what `startGateway` throws.
   */
  async open(): Promise<void> {
    const { startGateway, configFile, env, log } = this.#options;
    const services = () => this.#supervisor.status();
    const serviceControl = this.#supervisor;
    const place = (config: GatewayConfig) => this.#ports.place(config);
    const gateway = await startGateway({
      configFile,
      env,
      mode: 'development',
      log,
      services,
      serviceControl,
      place,
    });
    this.#gateway = gateway;
    gateway.onReload((config) => void this.#supervise(config.services));
    await this.#supervise(gateway.config().services);
  }

  /** Waits until every service is ready, or shows that it will take longer, and prints what is mapped where. */
  async showMap(): Promise<void> {
    await this.#supervisor.settled();
    if (this.#gateway === null) return;
    const { stdout, configFile } = this.#options;
    const { address, adminAddress } = this.#gateway;
    const { tls } = this.#gateway.config();
    const view = {
      address,
      tlsPort: tls && (tls.port ?? address.port),
      adminAddress,
      routes: await this.#gateway.figure('routes'),
      streams: await this.#gateway.figure('streams'),
      services: this.#supervisor.status(),
    };
    const map = renderMap(view, this.#paint, Math.min(stdout.columns || 80, 120));
    const hint = this.#paint('dim', `  Save ${configFile} and it takes effect. Ctrl-C stops everything.`);
    stdout.write(`\n${map}\n\n${hint}\n\n`);
  }

  /** @returns undefined before the gateway has started. */
  async reload(): Promise<ReloadResult | undefined> {
    return this.#gateway?.reload();
  }

  /** Where there are workers; else the log says that there are none. */
  async replaceWorkers(): Promise<void> {
    await this.#gateway?.replaceWorkers();
  }

  /** Ends the gateway first, so that exchanges under way still find their services; then the services. */
  async close(reason: string, drainMs: number): Promise<void> {
    const patience = `what is under way may finish (${formatDuration(drainMs)})`;
    this.#output.notice(`stopping (${reason}): ${patience}; Ctrl-C ends everything at once`);
    await this.#gateway?.close(drainMs);
    await this.#supervisor.stop();
    this.#output.notice('stopped');
  }

  /** Kills every service now: for the very end of the process. */
  kill(): void {
    this.#supervisor.kill();
  }

  #supervise(services: readonly ServiceConfig[]): Promise<void> {
    this.#output.expect(services.map(({ name }) => name));
    return this.#supervisor.apply(services);
  }
}
