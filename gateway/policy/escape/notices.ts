import type { Logger } from 'pino';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { RouteConfig } from '../../model/config.ts';
import { frameworkOf } from './frameworks.ts';

/** Tells once for each route that its application does not know of its prefix, and the setting that mends it. */
export class EscapeNotices {
  readonly #log: Logger;
  readonly #routes: () => readonly RouteConfig[];
  /** Requests of applications that were not recognised yet; `told` when there is nothing left to say. */
  readonly #seen = new Map<string, number | 'told'>();

  constructor(log: Logger, routes: () => readonly RouteConfig[]) {
    this.#log = log;
    this.#routes = routes;
  }

  see({ escaped, route: id, target }: Readonly<ExchangeRecord>): void {
    if (escaped === null || id === null) return;
    const seen = this.#seen.get(id) ?? 0;
    if (seen === 'told') return;
    const framework = frameworkOf(target.replace(/\?.*/s, ''));
    const route = this.#routes().find((one) => one.id === id);
    // A browser asks for /favicon.ico by itself: the first requests may not be those that tell.
    const due = framework !== null || seen + 1 >= UNRECOGNISED;
    this.#seen.set(id, due ? 'told' : seen + 1);
    if (!due || route === undefined) return;
    const { path } = route.matcher;
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
