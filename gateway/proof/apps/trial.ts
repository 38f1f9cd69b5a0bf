import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser } from 'playwright-core';
import { startGateway } from '../../gateway.ts';
import { freePorts } from '../testing/free-port.ts';
import { Processes } from '../testing/processes.ts';
import type { App, AppInstance } from './app.ts';

/** How an application is reached, and whether its main job was done there. */
export interface Result {
  readonly byPath: boolean;
  readonly byScript: boolean;
  /** With `escape: name`; not tried where it works at its path. */
  readonly ledToName: boolean;
  readonly unstripped: boolean;
  readonly byName: boolean;
  /** It was told where it stands, and nothing was led back. */
  readonly told: boolean;
}

/** How all of them are tried: in clear, or with `tls: dev`, where Chromium speaks HTTP/2, and WebSockets over it (RFC 8441). */
const TLS = process.argv.includes('--tls');

/** An application in all ways. @throws where it does not start */
export async function trial(app: App, project: string | null, browser: Browser): Promise<Result> {
  const untold = await Running.start(app, project, '');
  const way = (route: Route) => attempted(untold, route, browser);
  const at = `/${app.name}`;
  try {
    const byPath = await way({ at });
    const byScript = await way({ at, keys: ', escape: script' });
    const ledToName = app.notAtPath !== undefined && (await way({ at, keys: ', escape: name' }));
    const unstripped = await attempt(untold, { at, keys: ', strip: false' }, browser);
    const byName = await way({ at, named: true });
    // Development servers allow one of them in a project.
    untold.end();
    return { byPath, byScript, ledToName, unstripped, byName, told: await told(app, project, browser) };
  } finally {
    untold.end();
  }
}

async function told(app: App, project: string | null, browser: Browser): Promise<boolean> {
  const { strip, path: at = `/${app.name}`, page = '', keys = '' } = app.told;
  const running = await Running.start(app, project, at);
  try {
    return await attempted(running, { at, page, keys: `, strip: ${strip}, escape: off${keys}` }, browser);
  } finally {
    running.end();
  }
}

/** A process of an application, and all that it has started. */
class Running {
  readonly app: App;
  readonly place: AppInstance;
  readonly listen: number;
  readonly #processes = new Processes();

  private constructor(app: App, place: AppInstance, listen: number) {
    this.app = app;
    this.place = place;
    this.listen = listen;
  }

  static async start(app: App, project: string | null, prefix: string): Promise<Running> {
    const data = mkdtempSync(join(tmpdir(), 'portway-app-'));
    const [port, spare, listen] = (await freePorts(3)) as [number, number, number];
    const place = { project: project ?? data, data, port, spare, prefix };
    await app.prepare?.(place);
    const running = new Running(app, place, listen);
    try {
      await running.#begin();
      await answering(port);
      return running;
    } catch (cause) {
      running.end();
      throw cause;
    }
  }

  async #begin(): Promise<void> {
    const { app, place } = this;
    const [program, ...args] = app.command(place);
    const path = `${join(place.project, 'node_modules/.bin')}:${process.env.PATH}`;
    // Vite ends with its standard input.
    const options = { cwd: place.project, env: { PATH: path, ...app.env?.(place) }, input: null };
    const { child } = await this.#processes.start([program!, ...args], options);
    if (DEBUG) for (const output of [child.stdout, child.stderr]) output?.pipe(process.stderr);
  }

  /** It may be said again. */
  end(): void {
    this.#processes.abandon();
    rmSync(this.place.data, { recursive: true, force: true, maxRetries: 5 });
  }
}

const DEBUG = process.env.APPS_DEBUG !== undefined;

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const answered = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' }).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`nothing answers on ${port}`);
}

interface Route {
  readonly at: string;
  /** Below it. */
  readonly page?: string;
  readonly keys?: string;
  readonly named?: boolean;
}

/** Once more where it fails: nobody knows what else this machine does. */
async function attempted(running: Running, route: Route, browser: Browser): Promise<boolean> {
  return (await attempt(running, route, browser)) || attempt(running, route, browser);
}

async function attempt({ app, place, listen }: Running, route: Route, browser: Browser): Promise<boolean> {
  const configFile = join(place.data, 'gateway.config.yaml');
  const routes = `  ${route.at}: { to: ${place.port}${route.keys ?? ''} }\n`;
  const own = `port: ${listen}\nadmin: false\nlog: { access: false }\n${TLS ? 'tls: dev\n' : ''}`;
  writeFileSync(configFile, `${own}routes:\n${routes}`);
  const gateway = await startGateway({
    configFile,
    env: {},
    mode: 'development',
    keepsLogLevel: true,
    log: pino({ level: DEBUG ? 'info' : 'silent' }),
    listen: { port: listen, adminPort: 0 },
  });
  const host = `localhost:${listen}`;
  const page = route.named ? `${route.at.slice(1)}.${host}/` : `${host}${route.at}/${route.page ?? ''}`;
  const url = `${TLS ? 'https' : 'http'}://${page}`;
  try {
    return await works(app, place, url, browser);
  } finally {
    await gateway.close(0);
  }
}

/** In a browser that knows nothing yet. */
async function works(app: App, place: AppInstance, url: string, browser: Browser): Promise<boolean> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  try {
    await page.goto(url, { timeout: 90_000 });
    await app.job(page, place);
    return true;
  } catch (cause) {
    if (DEBUG) console.log(`${url}: ${cause}\n${await page.content().catch(() => '')}`);
    return false;
  } finally {
    await context.close();
  }
}
