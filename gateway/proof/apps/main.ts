/** Applications that nobody here wrote, in Chromium behind the gateway: by their path and by their name. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { BrowserContext } from 'playwright-core';
import { startGateway } from '../../gateway.ts';
import { findChromium, launchBrowser } from '../testing/browser.ts';
import { freePorts } from '../testing/free-port.ts';
import { APPS, type App } from './applications.ts';

const DOCUMENT = new URL('../../../docs/apps.md', import.meta.url);
const PREFACE = `# Applications behind a path

Written by \`npm run apps\`: applications that nobody here wrote, by their default settings, in Chromium behind the default (stripped) route of \`portway dev\`, with their
main job done: the module graph loads and an edit is seen (Vite), a message arrives (chat), a query is answered (Prometheus). What leads their requests back:
[escape.md](escape.md).

| application | at its path | at its name | what makes the catcher unnecessary |
|---|---|---|---|
`;

const say = (line: string) => console.log(line);

/** What became of the main job of an application at one address. */
async function tried(app: App, context: BrowserContext, url: string, folder: string): Promise<string> {
  const page = await context.newPage();
  try {
    await page.goto(url, { timeout: 30_000 });
    await app.job(page, folder);
    return 'works';
  } catch (cause) {
    return `fails: ${String(cause).split('\n', 1)[0]}`;
  } finally {
    await page.close();
  }
}

async function reachable(port: number): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const answered = await fetch(`http://localhost:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`nothing listens on ${port}`);
}

async function proof(app: App, context: BrowserContext): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), `portway-app-`));
  const [port, listen] = (await freePorts(2)) as [number, number];
  const [program, ...args] = app.command(port, folder);
  await app.install?.(folder);
  const child = spawn(program!, args, {
    cwd: app.folder?.(folder) ?? folder,
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
    detached: true,
  });
  const configFile = join(folder, 'gateway.config.yaml');
  const rows = [`  /${app.name}: ${port}`];
  writeFileSync(
    configFile,
    `port: ${listen}\nadmin: false\nlog: { access: false }\nroutes:\n${rows.join('\n')}\n`,
  );
  const log = pino({ level: 'silent' });
  const options = {
    configFile,
    env: {},
    mode: 'development',
    log,
    listen: { port: listen, adminPort: 0 },
  } as const;
  const gateway = await startGateway(options);
  try {
    await reachable(port);
    const origin = `localhost:${listen}`;
    const urls = [`http://${origin}/${app.name}/`, `http://${app.name}.${origin}/`];
    const results: string[] = [];
    for (const url of urls) results.push(await tried(app, context, url, folder));
    return results;
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await gateway.close(0);
    rmSync(folder, { recursive: true, force: true });
  }
}

const chromium = findChromium();
if (chromium === null) say('skipped: no Chromium on this machine');
else {
  const browser = await launchBrowser(chromium);
  const wanted = process.argv.slice(2);
  const rows: string[] = [];
  let failed = 0;
  for (const app of APPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    if (app.needs !== undefined && !existsSync(app.needs)) {
      say(`${app.title} is skipped: no ${app.needs}`);
      continue;
    }
    const context = await browser.newContext();
    const results = await proof(app, context).catch((cause) => [`not started: ${cause}`, '']);
    await context.close();
    failed += results.filter((result) => result !== 'works').length;
    rows.push(`| ${app.title} | ${results.join(' | ')} | ${app.setting} |`);
    say(rows.at(-1)!);
  }
  await browser.close();
  if (rows.length === APPS.length) writeFileSync(DOCUMENT, `${PREFACE}${rows.join('\n')}\n`);
  process.exit(failed === 0 ? 0 : 1);
}
