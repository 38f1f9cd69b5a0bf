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
  /** By route; `told` once logged. */
  readonly #seen = new Map<string, Seen | 'told'>();

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
    const seen = this.#seen.get(id) ?? { requests: 0, common: null };
    if (seen === 'told') return;
    const asking = frameworkOf(target.replace(/\?.*/s, ''));
    const isCertain = asking !== null && !asking.common;
    const common = asking ?? seen.common;
    const requests = seen.requests + 1;
    // Browsers ask for /favicon.ico themselves, and Angular for Vite's client first: one request may not show the application.
    const due = isCertain || requests >= UNCERTAIN;
    this.#seen.set(id, due ? 'told' : { requests, common });
    const route = due && this.#routes().find((one) => one.id === id);
    if (!route) return;
    // Requests are the better evidence: many frameworks run on a server that names itself.
    const framework = common ?? this.#applications.of(id);
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

interface Seen {
  readonly requests: number;
  /** The newest match on which other frameworks build, too. */
  readonly common: Framework | null;
}

const UNCERTAIN = 5;
