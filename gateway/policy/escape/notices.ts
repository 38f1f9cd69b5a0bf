import type { Logger } from 'pino';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { RouteConfig } from '../../model/config.ts';
import { type Applications, frameworkOf } from './frameworks.ts';

/** Tells once for each route that its application does not know of its prefix, and the setting that mends it. */
export class EscapeNotices {
  readonly #log: Logger;
  readonly #routes: () => readonly RouteConfig[];
  readonly #applications: Applications;
  /** Requests of applications that were not recognised yet; `told` when there is nothing left to say. */
  readonly #seen = new Map<string, number | 'told'>();

  constructor(log: Logger, routes: () => readonly RouteConfig[], applications: Applications) {
    this.#applications = applications;
    this.#log = log;
    this.#routes = routes;
  }

  see({ escaped, route: id, target }: Readonly<ExchangeRecord>): void {
    if (escaped === null || id === null) return;
    const seen = this.#seen.get(id) ?? 0;
    if (seen === 'told') return;
    const asking = frameworkOf(target.replace(/\?.*/s, ''));
    const route = this.#routes().find((one) => one.id === id);
    // A browser asks for /favicon.ico by itself: the first requests may not be those that tell.
    const due = asking !== null || seen + 1 >= UNRECOGNISED;
    this.#seen.set(id, due ? 'told' : seen + 1);
    if (!due || route === undefined) return;
    const { path } = route.matcher;
    // What it asks for says more: many frameworks stand on a server that names itself.
    const framework = asking ?? this.#applications.of(id);
    const setting = framework
      ? `it looks like ${framework.name}; not needed with ${framework.setting(path)}`
      : `not needed where the application knows that it stands at ${path}/`;
    this.#log.info(
      { route: id },
      `a page of ${id} asks outside its prefix, and is led back: ${setting} (\`escape\` in docs/escape.md)`,
    );
  }
}

const UNRECOGNISED = 5;
