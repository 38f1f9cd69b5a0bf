import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayChild, type GatewayChildOptions } from '../testing/gateway-child.ts';
import { type ClientOptions, RawClient } from '../testing/http-client.ts';
import { Processes } from '../testing/processes.ts';
import { Random } from '../testing/random.ts';
import type { ChaosOptions } from './options.ts';
import { Scene } from './scene.ts';
import type { ServicePorts } from './service/question.ts';
import { freeServicePorts, ServiceChild } from './service-child.ts';

/** The base of the rows: processes, a temporary folder, connections. Its end releases all of them. */
export class Stage {
  readonly options: ChaosOptions;
  readonly random: Random;
  readonly processes = new Processes();
  /** Services of the row, and of the scene. */
  readonly services = new Set<ServiceChild>();
  /** Gateways that the row started for itself. */
  readonly gateways: GatewayChild[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'portway-chaos-'));
  readonly #clear = () => rmSync(this.#folder, { recursive: true, force: true });
  readonly #say: (line: string) => void;
  readonly #clients = new Set<RawClient>();
  readonly #atRowEnd: (() => unknown)[] = [];
  #scene: Scene | null = null;
  #folders = 0;

  constructor(options: ChaosOptions, say: (line: string) => void) {
    this.options = options;
    this.random = new Random(options.seed);
    this.#say = say;
    process.once('exit', this.#clear);
  }

  /** One of two figures: in short runs, and in long ones. */
  either<Value>(short: Value, long: Value): Value {
    return this.options.short ? short : long;
  }

  /** A line between rows, for work that takes long. */
  progress(text: string): void {
    this.#say(`        … ${text}`);
  }

  /** The gateway and services that rows share which need no others: one process lives through all of their faults. */
  async scene(): Promise<Scene> {
    this.#scene ??= await Scene.start(this);
    return this.#scene;
  }

  get standingScene(): Scene | null {
    return this.#scene;
  }

  folder(): string {
    return join(this.#folder, String(++this.#folders));
  }

  /** Starts a gateway with a configuration for this row. */
  async gateway(
    yaml: string,
    options: GatewayChildOptions & { folder?: string } = {},
  ): Promise<GatewayChild> {
    const started = await this.startGateway(yaml, options);
    this.gateways.push(started);
    return started;
  }

  async startGateway(
    yaml: string,
    { folder = this.folder(), ...options }: GatewayChildOptions & { folder?: string } = {},
  ): Promise<GatewayChild> {
    const started = await GatewayChild.start(this.processes, folder, this.complete(yaml), options);
    await started.takeBase();
    return started;
  }

  /** With what all gateways of the harness have. A machine that is busy with other things must not be taken for an overload. */
  complete(yaml: string): string {
    const { lane } = this.options;
    const lines = [
      ...(lane === null ? [] : [`lane: ${lane}`]),
      ...(/^overload:/m.test(yaml) ? [] : ['overload: off']),
      'log: { access: false }',
    ];
    return `${lines.join('\n')}\n${yaml}`;
  }

  /** A service for this row. */
  async service(ports?: ServicePorts): Promise<ServiceChild> {
    const service = await ServiceChild.start(this.processes, ports ?? (await freeServicePorts()));
    this.services.add(service);
    this.atRowEnd(() => this.endService(service));
    return service;
  }

  async endService(service: ServiceChild): Promise<void> {
    this.services.delete(service);
    await service.kill();
  }

  /** A client of exact bytes; it goes with the row. */
  async connect(port: number, options: ClientOptions = {}): Promise<RawClient> {
    const client = RawClient.to(port, options);
    this.#clients.add(client);
    client.socket.once('close', () => this.#clients.delete(client));
    return client.connected();
  }

  /** The ends of gateways that should live, each with its last output. */
  lastWords(): string[] {
    const gateways = [...this.gateways, ...(this.#scene === null ? [] : [this.#scene.gateway])];
    return gateways
      .filter(({ alive }) => !alive)
      .map(({ process: { log } }) => `a gateway has ended; its log ends: ${log.text().slice(-1_500)}`);
  }

  atRowEnd(work: () => unknown): void {
    this.#atRowEnd.push(work);
  }

  /** Lets go of what belongs to the row alone, but for its gateways, which are still to be looked at. */
  async letGo(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    for (const work of this.#atRowEnd.splice(0).reverse()) await work();
  }

  /** After a row that ended in disorder: the next one gets a new scene. */
  async dismantle(): Promise<void> {
    await this.letGo().catch(() => {});
    for (const gateway of this.gateways.splice(0)) await gateway.process.kill();
    const scene = this.#scene;
    this.#scene = null;
    if (scene === null) return;
    for (const service of [scene.service, scene.steady]) this.services.delete(service);
    await scene.close();
  }

  async close(): Promise<void> {
    await this.dismantle();
    await this.processes.killAll();
    process.off('exit', this.#clear);
    this.#clear();
  }
}
