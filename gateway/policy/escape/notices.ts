import type { Logger } from 'pino';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { RouteConfig } from '../../model/config.ts';
import { type Applications, type Framework, frameworkOf } from './frameworks.ts';

/** Logs once per route that its application does not know its prefix, and the setting for it. */
export class EscapeNotices {
  readonly #log: Logger;
  readonly #routes: () => readonly RouteConfig[];
  readonly #applications: Applications;
  /** Where the route has a name: `vite.localhost:3000`. */
  readonly #nameOf: (route: RouteConfig) => string | null;
  /** Requests of unrecognised applications; `told` once logged. */
  readonly #seen = new Map<string, number | 'told'>();

  constructor(
    log: Logger,
    routes: () => readonly RouteConfig[],
    applications: Applications,
    nameOf: (route: RouteConfig) => string | null,
  ) {
    this.#log = log;
    this.#routes = routes;
    this.#applications = applications;
    this.#nameOf = nameOf;
  }

  see({ escaped, route: id, target }: Readonly<ExchangeRecord>): void {
    if (escaped === null || id === null) return;
    const seen = this.#seen.get(id) ?? 0;
    if (seen === 'told') return;
    const asking = frameworkOf(target.replace(/\?.*/s, ''));
    const route = this.#routes().find((one) => one.id === id);
    // Browsers ask for /favicon.ico themselves, so the first request may not show the application.
    const due = asking !== null || seen + 1 >= UNRECOGNISED;
    this.#seen.set(id, due ? 'told' : seen + 1);
    if (!due || route === undefined) return;
    // Requests are the better evidence: many frameworks run on a server that names itself.
    const framework = asking ?? this.#applications.of(id);
    this.#log.info(
      { route: id },
      `a page of ${id} asks outside its prefix, and is led back: ${this.#advice(route, framework)} (\`escape\` in docs/escape.md)`,
    );
  }

  #advice(route: RouteConfig, framework: Framework | null): string {
    const { path } = route.matcher;
    const name = this.#nameOf(route);
    const or = name === null ? '' : `, or at http://${name}`;
    if (framework === null) return `not needed where the application knows that it stands at ${path}/${or}`;
    const setting = framework.setting(path) + or;
    return framework.readsPath
      ? `it looks like ${framework.name}, whose own router says "not found" at ${path}/: it works with ${setting}${name === null ? '' : ', where `escape: name` leads browsers'}`
      : `it looks like ${framework.name}; not needed with ${setting}`;
  }
}

const UNRECOGNISED = 5;
