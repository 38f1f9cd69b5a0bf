import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** The shell has the same engine and takes three fifths of the CPU, because it has no browser around it. */
const PATHS = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** A Chromium of this machine; `null` where there is none, as on a user's machine: then the tests say so and skip. */
export function findChromium(): string | null {
  return PATHS.find((path) => existsSync(path)) ?? null;
}

export async function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page and its faults: errors on the console, uncaught errors and failed requests. */
export class WatchedPage {
  readonly page: Page;
  readonly faults: string[] = [];
  readonly #expected: RegExp[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => message.type() === 'error' && this.#fault(`console: ${message.text()}`));
    page.on('pageerror', (error) => this.#fault(`error: ${error.message}`));
    page.on('requestfailed', (request) =>
      this.#fault(`failed: ${request.url()} ${request.failure()?.errorText}`),
    );
    page.on(
      'response',
      (response) => response.status() >= 400 && this.#fault(`${response.status()}: ${response.url()}`),
    );
  }

  #fault(text: string): void {
    // A page that is left while something loads, or an event stream that is closed, is not a fault.
    if (/ERR_ABORTED/.test(text) || this.#expected.some((pattern) => pattern.test(text))) return;
    this.faults.push(text);
  }

  /** Ignores faults that the test causes on purpose. */
  expectFaults(pattern: RegExp): void {
    this.#expected.push(pattern);
  }
}

export async function openPage(context: BrowserContext, url: string): Promise<WatchedPage> {
  const watched = new WatchedPage(await context.newPage());
  await watched.page.goto(url);
  return watched;
}

/** Violations that axe-core finds on the page, in the words of its rules. @param rules only these rules; default: all */
export async function axeFindings(page: Page, rules: readonly string[] = []): Promise<readonly string[]> {
  // axe-core is half a megabyte; a page needs it once.
  if (await page.evaluate("typeof axe === 'undefined'"))
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const options = rules.length === 0 ? '' : JSON.stringify({ runOnly: rules });
  return page.evaluate(
    `axe.run(${options}).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html.slice(0, 200), nodes[0].failureSummary].join(' ')))`,
  );
}
