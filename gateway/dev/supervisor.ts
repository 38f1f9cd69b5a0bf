import { isDeepStrictEqual } from 'node:util';
import type { ServiceConfig } from '../model/config.ts';
import type { ServiceStatus } from '../model/status.ts';
import { Service, type ServicePolicy, type ServiceReport } from './service.ts';
import { plainText } from './terminal-text.ts';

export interface SupervisorOptions {
  readonly report: ServiceReport;
  /** The environment of a service's process. */
  readonly environment: (service: ServiceConfig) => NodeJS.ProcessEnv;
  readonly policy?: ServicePolicy;
}

/** The processes of `services:`, as many as the configuration names at the moment. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #services: readonly Service[] = [];
  /** Changes are made one after another: the port of a service that stops may be the one that the next change starts on. */
  #changes: Promise<void> = Promise.resolve();
  #ending = false;
  readonly #followers = new Set<{ readonly name: string; readonly heard: (line: string) => void }>();
  readonly #report: ServiceReport;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { report } = options;
    this.#report = {
      notice: (text) => report.notice(text),
      line: (name, text) => {
        report.line(name, text);
        for (const follower of this.#followers) if (follower.name === name) follower.heard(plainText(text));
      },
    };
  }

  /** Starts, stops and restarts services that differ from the running ones. Resolves when the last start was begun. */
  apply(configs: readonly ServiceConfig[]): Promise<void> {
    this.#changes = this.#changes.then(() => this.#replace(configs));
    return this.#changes;
  }

  /** By name; `undefined`: none. */
  find(name: string): Service | undefined {
    return this.#services.find(({ config }) => config.name === name);
  }

  get names(): readonly string[] {
    return this.#services.map(({ config }) => config.name);
  }

  /** Calls `heard` with each line of the service of this name, which may be another process by then. @returns ends that. */
  follow(name: string, heard: (line: string) => void): () => void {
    const follower = { name, heard };
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** In the order of the configuration. */
  status(): ServiceStatus[] {
    return this.#services.map((service) => service.status());
  }

  /** Resolves when every service is ready or shows that this will take longer. */
  async settled(): Promise<void> {
    await this.#changes;
    await Promise.all(this.#services.map((service) => service.settled));
  }

  /** Stops all; the last one gets its signal first. Resolves when no process is left; later changes have no effect. */
  async stop(): Promise<void> {
    this.#ending = true;
    await Promise.all([stopAll(this.#services), this.#changes]);
  }

  /** SIGKILL to all, now: for the very end of the process, where nothing asynchronous runs any more. */
  kill(): void {
    this.#ending = true;
    for (const service of this.#services) service.kill();
  }

  async #replace(configs: readonly ServiceConfig[]): Promise<void> {
    const wanted = (service: Service) => configs.some((config) => isSame(config, service.config));
    const kept = this.#services.filter(wanted);
    const unwanted = this.#ending ? [] : this.#services.filter((service) => !wanted(service));
    for (const { config } of unwanted)
      this.#options.report.notice(`${config.name} ${farewell(config, configs)}`);
    await stopAll(unwanted);
    if (this.#ending) return;
    this.#services = configs.map((config) => {
      const running = kept.find((service) => isSame(config, service.config));
      running?.moveTo(config.source);
      return running ?? this.#start(config);
    });
  }

  #start(config: ServiceConfig): Service {
    const { environment, policy } = this.#options;
    const report = this.#report;
    const service = new Service(config, { report, env: environment(config), ...(policy && { policy }) });
    service.start();
    return service;
  }
}

function farewell({ name }: ServiceConfig, configs: readonly ServiceConfig[]): string {
  const changed = configs.some((config) => config.name === name);
  return changed ? 'has changed in the configuration: restarting it' : 'is no longer configured: stopping it';
}

/** Moving a service to another line of the file is no reason to restart it. */
function isSame(one: ServiceConfig, other: ServiceConfig): boolean {
  return isDeepStrictEqual({ ...one, source: null }, { ...other, source: null });
}

/** All at once, so that the whole takes no longer than the slowest; the signals go out in reverse order. */
async function stopAll(services: readonly Service[]): Promise<void> {
  await Promise.all(services.toReversed().map((service) => service.stop()));
}
