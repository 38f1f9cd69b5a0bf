import type { EndpointConfig, PlacedService } from '../model/config.ts';
import { type Expansion, expansionOf, type Names } from './expansion.ts';
import { type HealthLog, SILENT } from './health-checks.ts';
import { nameResolver, type ServiceRecord } from './name-resolver.ts';
import { PlacedNames } from './placed-names.ts';
import { Shared } from './shared.ts';
import { WatchedName } from './watched-name.ts';

/** Turns configured endpoints into resolved ones. */
export interface NameSource {
  /** @param changed called when it stands for something else than before. */
  expand(endpoint: EndpointConfig, changed: () => void): Expansion;
}

/** The names that upstreams lead to. Each is asked about for all of them at once, and no longer than anybody wants to know. */
export class Discovery {
  readonly #log: HealthLog;
  readonly #hosts = new Shared<WatchedName<string>>((name) => name.close());
  readonly #placed = new PlacedNames();
  readonly #services = new Shared<WatchedName<ServiceRecord>>((name) => name.close());

  constructor(log: HealthLog = SILENT) {
    this.#log = log;
  }

  /** @see UpstreamRegistry.place */
  place(services: readonly PlacedService[]): void {
    this.#placed.take(services);
  }

  /** @param servers of DNS; `null`: as the system resolves names. */
  source(servers: readonly string[] | null): NameSource {
    const names: Names = {
      host: (host) => this.#hosts.acquire(keyOf(servers, host), () => this.#watchHost(servers, host)),
      leaveHost: (host) => this.#hosts.release(keyOf(servers, host)),
      service: (name) =>
        this.#services.acquire(keyOf(servers, name), () => this.#watchService(servers, name)),
      placed: (name) => this.#placed.of(name),
      leaveService: (name) => this.#services.release(keyOf(servers, name)),
    };
    return { expand: (endpoint, changed) => expansionOf(endpoint, names, changed) };
  }

  #watchHost(servers: readonly string[] | null, host: string): WatchedName<string> {
    const resolver = nameResolver(servers);
    const asker = {
      ask: () => resolver.addresses(host),
      found: (addresses: readonly string[]) => this.#found(host, addresses),
      failed: (code: string, known: boolean) => this.#failed(host, code, known),
      close: () => resolver.close(),
    };
    return host.startsWith(TASKS) ? new WatchedName(asker, TASKS_MS) : new WatchedName(asker);
  }

  #watchService(servers: readonly string[] | null, name: string): WatchedName<ServiceRecord> {
    const resolver = nameResolver(servers);
    return new WatchedName({
      ask: () => resolver.services(name),
      found: (records) => this.#found(name, records.map(serviceText)),
      failed: (code, known) => this.#failed(name, code, known),
      close: () => resolver.close(),
    });
  }

  #found(name: string, places: readonly string[]): void {
    this.#log.info({ name, places: [...places].sort() }, 'the name leads elsewhere now, or is known again');
  }

  #failed(name: string, code: string, known: boolean): void {
    const then = known
      ? 'what it stood for before is used on'
      : 'requests to it fail until it does; correct it in `to:`, or the name server';
    this.#log.warn({ name, code }, `the name does not resolve: ${then}`);
  }
}

/** Docker Swarm's DNS name for the tasks of a service. The engine removes a task from it two seconds before it stops the task. */
const TASKS = 'tasks.';
const TASKS_MS = 1_500;

function serviceText({ name, port, priority, weight }: ServiceRecord): string {
  return `${name}:${port} priority ${priority} weight ${weight}`;
}

function keyOf(servers: readonly string[] | null, name: string): string {
  return `${servers?.join() ?? 'system'} ${name}`;
}
