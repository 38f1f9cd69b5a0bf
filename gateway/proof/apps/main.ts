/** Applications that nobody here wrote, in Chromium behind the gateway. Arguments: names of applications, `--tls`, and `--write` for docs/apps.md. */
import type { Browser } from 'playwright-core';
import { findChromium, launchBrowser } from '../testing/browser.ts';
import { endOnSignals } from '../testing/tool-options.ts';
import type { App } from './app.ts';
import { DAEMONS } from './daemons.ts';
import { DEBIAN_APPS } from './debian-apps.ts';
import { DEV_SERVERS } from './dev-servers.ts';
import { installed } from './installation.ts';
import { NODE_APPS } from './node-apps.ts';
import { row, writeTable } from './table.ts';
import { trial } from './trial.ts';

const APPS = [...DEV_SERVERS, ...NODE_APPS, ...DEBIAN_APPS, ...DAEMONS];

interface Proof {
  /** Of the table; `null`: it could not be tried. */
  readonly row: string | null;
  readonly line: string;
  readonly good: boolean;
}

async function proof(app: App, browser: Browser): Promise<Proof> {
  const installation = await installed(app);
  if (installation === null)
    return { row: null, line: `${app.title} is skipped: it can't be had here`, good: true };
  const result = await trial(app, installation.project, browser);
  const atPath = result.byPath || result.ledToName;
  const good = result.byName && atPath && (result.told || app.notTold !== undefined);
  const line = row(app, installation.version, result);
  return { row: line, line, good };
}

async function main(browser: Browser, names: readonly string[], write: boolean): Promise<boolean> {
  const rows = new Map<string, string>();
  let good = true;
  for (const app of APPS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const result = await proof(app, browser).catch(
      (cause: unknown): Proof => ({ row: null, line: `${app.title} was not tried: ${cause}`, good: false }),
    );
    console.log(result.line);
    good &&= result.good;
    if (result.row !== null) rows.set(app.title, result.row);
  }
  if (write) writeTable(APPS, rows);
  return good;
}

endOnSignals();
// Else npm would take this repository for the project.
for (const name of Object.keys(process.env)) if (/^npm_|^INIT_CWD$/i.test(name)) delete process.env[name];
const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const chromium = findChromium();
if (chromium === null) console.log('skipped: no Chromium on this machine');
else {
  const browser = await launchBrowser(chromium);
  const good = await main(browser, names, args.includes('--write'));
  await browser.close();
  process.exit(good ? 0 : 1);
}
