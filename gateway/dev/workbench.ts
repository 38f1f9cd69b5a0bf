import type { Logger } from 'pino';
import type { Gateway, GatewayOptions } from '../contract.ts';
import { type Paint, painter, wantsColour } from '../log/paint.ts';
import { formatDuration } from '../log/units.ts';
import type { GatewayConfig, ServiceConfig } from '../model/config.ts';
import type { ReloadResult } from '../proxy/reloader.ts';
import { FreePorts } from './free-ports.ts';
import { Keyboard } from './keyboard.ts';
import { Keys } from './keys.ts';
import { LabelledOutput } from './labelled-output.ts';
import { LiveMap } from './live-map.ts';
import { type MapView, renderAddress, renderMap, renderNames, urlToOpen } from './map.ts';
import { PortTruths } from './port-truth.ts';
import { readableLines } from './readable-line.ts';
import type { Screen } from './screen.ts';
import { serviceEnvironment } from './service-environment.ts';
import { Supervisor } from './supervisor.ts';

export interface WorkbenchOptions {
  readonly configFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly stdin: () => NodeJS.ReadStream;
  readonly screen: Screen;
  /** Whether the standard output is a terminal. */
  readonly terminal: boolean;
  /** Path of the Node that services shall run on. */
  readonly node: string;
  readonly startGateway: (options: GatewayOptions) => Promise<Gateway>;
}

/** Longer lines of the map are hard to follow with the eyes. */
const MAP_COLUMNS_MAX = 120;
const LINES_SHOWN = 20;

/** `portway dev`: the gateway, the services behind it, and the terminal that shows them all. */
export class Workbench {
  readonly #options: WorkbenchOptions;
  readonly #paint: Paint;
  readonly #output: LabelledOutput;
  readonly #supervisor: Supervisor;
  readonly #ports = new FreePorts();
  #gateway: Gateway | null = null;
  #isClosing = false;
  /** Of the gateway, as it was last printed. */
  #port = 0;
  readonly #keyboard: Keyboard;
  #keys: Keys | null = null;
  readonly #map: LiveMap;

  constructor(options: WorkbenchOptions) {
    const { screen, terminal, env, node } = options;
    const colours = wantsColour(terminal, env);
    this.#options = options;
    this.#paint = painter(colours);
    this.#output = new LabelledOutput({
      write: (text) => screen.write(text),
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
    this.#keyboard = this.#createKeyboard();
    this.#map = new LiveMap({
      screen,
      paint: this.#paint,
      view: () => this.#view(),
      services: () => this.#supervisor.status(),
      keys: () => (this.#keys === null ? null : this.#keyboard.line),
    });
  }

  /**
   * Starts the gateway, then the services: if the gateway's port is taken, nothing else is started.
   * @throws as `startGateway` does
   */
  async open(): Promise<void> {
    const { startGateway, configFile, env, log } = this.#options;
    const services = () => this.#supervisor.status();
    const serviceControl = this.#supervisor;
    const place = (config: GatewayConfig) => this.#ports.place(config);
    const truths = new PortTruths();
    const gateway = await startGateway({
      configFile,
      env,
      mode: 'development',
      log,
      services,
      serviceControl,
      place,
      examine: (address, refused) => truths.of(address, refused),
    });
    this.#gateway = gateway;
    this.#port = gateway.address.port;
    gateway.onReload((config) => {
      void this.#supervise(config.services);
      void this.#followPort();
    });
    await this.#supervise(gateway.config().services);
  }

  /**
   * Prints the map at once. On a terminal it is updated in place, and keys are read; in a pipe it is printed again when every service is
   * ready, or takes longer.
   */
  async showMap(): Promise<void> {
    const { screen } = this.#options;
    const columns = Math.min(screen.columns, MAP_COLUMNS_MAX);
    const first = await this.#view();
    if (screen.live) {
      this.#openKeys();
      const lines = [...renderAddress(first, this.#paint), ...renderNames(first, this.#paint, columns)];
      screen.write(`\n${lines.join('\n')}\n${this.#hint}\n\n`);
      return this.#map.open(first);
    }
    if (first.services.some(({ state }) => state === 'starting')) {
      screen.write(`\n${renderMap(first, this.#paint, columns)}\n\n`);
      await this.#supervisor.settled();
    }
    if (this.#gateway !== null && !this.#isClosing)
      screen.write(`\n${renderMap(await this.#view(), this.#paint, columns)}\n\n${this.#hint}\n\n`);
  }

  /** The lines above name a port that is closed. */
  async #followPort(): Promise<void> {
    const { port } = this.#gateway!.address;
    if (port === this.#port) return;
    this.#port = port;
    this.#map.refresh();
    const { screen } = this.#options;
    const view = await this.#view();
    const names = renderNames(view, this.#paint, Math.min(screen.columns, MAP_COLUMNS_MAX));
    screen.write(`\n${[...renderAddress(view, this.#paint), ...names].join('\n')}\n\n`);
  }

  get #hint(): string {
    const { configFile } = this.#options;
    return this.#paint('dim', `  Save ${configFile} and it takes effect. Ctrl-C stops everything.`);
  }

  async #view(): Promise<MapView> {
    const gateway = this.#gateway!;
    const { address, adminAddress } = gateway;
    const { tls } = gateway.config();
    return {
      address,
      tlsPort: tls && (tls.port ?? address.port),
      adminAddress,
      routes: await gateway.figure('routes'),
      streams: await gateway.figure('streams'),
      services: this.#supervisor.status(),
    };
  }

  #createKeyboard(): Keyboard {
    const actions = {
      names: () => this.#supervisor.names,
      restart: (name: string) => this.#supervisor.find(name)?.restart('asked for by a key'),
      show: (name: string | null) => this.#showLinesOf(name),
      url: () => this.#map.shown && urlToOpen(this.#map.shown),
      quit: () => process.kill(process.pid, 'SIGINT'),
      notice: (text: string) => this.#output.notice(text),
      changed: () => this.#map.draw(),
    };
    return new Keyboard(actions, this.#paint);
  }

  #openKeys(): void {
    const keys = new Keys(this.#options.stdin(), (key) => this.#keyboard.press(key));
    if (keys.open()) this.#keys = keys;
  }

  #showLinesOf(name: string | null): void {
    this.#output.only = name;
    if (name === null) return;
    const lines = this.#supervisor.find(name)?.lines().slice(-LINES_SHOWN) ?? [];
    this.#output.notice(`the last ${lines.length} lines of ${name}, and what it goes on to write:`);
    for (const line of lines) this.#output.say(name, line);
  }

  /** The terminal is as it was before us. */
  leaveTerminal(): void {
    this.#keys?.close();
    this.#keys = null;
    this.#map.close();
  }

  /** @returns undefined before the gateway has started. */
  async reload(): Promise<ReloadResult | undefined> {
    return this.#gateway?.reload();
  }

  /** With workers; otherwise the log says that there are none. */
  async replaceWorkers(): Promise<void> {
    await this.#gateway?.replaceWorkers();
  }

  /** Ends the gateway first, so that exchanges under way still find their services; then the services. */
  async close(reason: string, drainMs: number): Promise<void> {
    this.#isClosing = true;
    this.leaveTerminal();
    const patience = `what is under way may finish (${formatDuration(drainMs)})`;
    this.#output.notice(`stopping (${reason}): ${patience}; Ctrl-C ends everything at once`);
    await this.#gateway?.close(drainMs);
    await this.#supervisor.stop();
    this.#output.notice('stopped');
  }

  /** Kills every service now: for the very end of the process. */
  kill(): void {
    this.leaveTerminal();
    this.#supervisor.kill();
  }

  #supervise(services: readonly ServiceConfig[]): Promise<void> {
    this.#output.expect(services.map(({ name }) => name));
    return this.#supervisor.apply(services);
  }
}
