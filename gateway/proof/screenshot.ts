import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { findChromium, launchBrowser } from './testing/browser.ts';
import { freePorts } from './testing/free-port.ts';
import { PortwayProcess } from './testing/portway.ts';
import { Processes } from './testing/processes.ts';

/**
 * Takes the pictures of the documentation: `npm run screenshot`. A gateway as `npm start` runs it, with services that answer as a shop's would,
 * and a minute of clients. Pictures are WebP, which is a third of PNG; the film of ten seconds, too (sharp puts its pictures together).
 */
const PICTURES = [
  { name: 'dashboard', place: '#/map/%2Fcart', scheme: 'light' },
  { name: 'dashboard-dark', place: '#/map/%2Fcart', scheme: 'dark' },
] as const;
const SECONDS = 65;
/** More than a film takes on a busy machine. */
const FILM_SECONDS = 30;
const FRAME_MS = 250;

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));

/** What the film shows, and for how many seconds. */
const SCENES: ReadonlyArray<readonly [act: (page: Page) => Promise<unknown>, seconds: number]> = [
  [async () => {}, 2],
  [(page) => page.getByRole('row', { name: '/cart' }).click(), 2],
  [(page) => page.keyboard.press('2'), 2],
  [(page) => page.keyboard.press('p'), 0.25],
  [(page) => page.getByRole('row', { name: 'GET' }).nth(2).click(), 1.75],
  [(page) => page.keyboard.press('3'), 1],
  [(page) => page.keyboard.press('5'), 1],
];

/** Answers after a while that is mostly short; of `fails`, one in that many fails. */
const SERVICE = `import http from 'node:http';
const [ms, fails] = process.argv.slice(2).map(Number);
http.createServer((request, response) => {
  setTimeout(() => {
    response.statusCode = fails > 0 && Math.random() < 1 / fails ? 500 : 200;
    response.end('{}');
  }, ms * Math.random() ** 2 * 6);
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening on ' + process.env.PORT));
`;

const executable = findChromium();
if (executable === null)
  throw new Error('there is no Chromium on this machine (Debian: apt-get install chromium-headless-shell)');
const folder = await mkdtemp(join(tmpdir(), 'portway-screenshot-'));
const [port, admin, shop, cart, search, gone] = (await freePorts(6)) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
await writeFile(join(folder, 'service.mjs'), SERVICE);
await writeFile(
  join(folder, 'gateway.config.yaml'),
  `port: ${port}
admin: ${admin}
routes:
  /shop: service:shop
  /cart: { to: [service:cart, ${gone}], balance: least-requests, breaker: true, rateLimit: { rate: 1000/s } }
  /search: { to: service:search, cache: true, compress: true }
  /mail: { to: ${gone}, cors: true }
  /docs: { redirect: /shop/docs }
services:
  shop: { run: node service.mjs 12, port: ${shop} }
  cart: { run: node service.mjs 8 60, port: ${cart} }
  search: { run: node service.mjs 30, port: ${search} }
`,
);
const gateway = new PortwayProcess(new Processes(), ['dev'], { cwd: folder });
await gateway.said('Ctrl-C stops everything', 60_000);
const browser = await launchBrowser(executable);
try {
  const pages = await Promise.all(
    PICTURES.map(async ({ name, place, scheme }) => {
      const context = await browser.newContext({
        colorScheme: scheme,
        viewport: { width: 1280, height: 660 },
        deviceScaleFactor: 1.5,
      });
      const page = await context.newPage();
      await page.goto(`http://localhost:${admin}/${place}`);
      return { name, page };
    }),
  );
  await clients(SECONDS);
  for (const { name, page } of pages) {
    const devtools = await page.context().newCDPSession(page);
    const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
    await writeFile(join(docs, `${name}.webp`), Buffer.from(data, 'base64'));
    console.log(`docs/${name}.webp: ${Math.round((data.length * 3) / 4 / 1000)} kB`);
  }
  await Promise.all([film(browser), clients(FILM_SECONDS)]);
} finally {
  await browser.close();
  gateway.child.kill('SIGTERM');
  await gateway.ended();
  await rm(folder, { recursive: true, force: true });
}

/** What one sees in ten seconds: the map, a route, requests as they come, one of them whole, the heat, and the file. */
async function film(browser: Browser): Promise<void> {
  const page = await browser.newPage({ colorScheme: 'light', viewport: { width: 960, height: 540 } });
  await page.goto(`http://localhost:${admin}/#/map`);
  await page.getByRole('row', { name: '/cart' }).waitFor();
  const frames: Buffer[] = [];
  const show = async (seconds: number) => {
    for (let frame = 0; frame < (seconds * 1000) / FRAME_MS; frame++) {
      const began = Date.now();
      frames.push(await page.screenshot());
      await sleep(Math.max(0, FRAME_MS - (Date.now() - began)));
    }
  };
  for (const [act, seconds] of SCENES) {
    await act(page);
    await show(seconds);
  }
  const { size } = await sharp(frames, { join: { animated: true } })
    .webp({ quality: 70, effort: 6, loop: 0, delay: frames.map(() => FRAME_MS) })
    .toFile(join(docs, 'dashboard-film.webp'));
  console.log(`docs/dashboard-film.webp: ${frames.length} pictures, ${Math.round(size / 1000)} kB`);
}

async function clients(seconds: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const paths = [
    '/shop/',
    '/shop/shoes',
    '/cart/7',
    '/cart/7',
    '/cart/9',
    '/search/?q=a',
    '/mail/new',
    '/shop/hats',
  ];
  for (let second = 0; second < seconds; second++) {
    const many = 14 + Math.round(8 * Math.sin(second / 6)) + Math.round(Math.random() * 6);
    await Promise.all(
      [...Array(many).keys()].map(() => get(agent, paths[Math.floor(Math.random() * paths.length)]!)),
    );
    await sleep(600);
  }
  agent.destroy();
}

async function get(agent: http.Agent, path: string): Promise<void> {
  await sleep(Math.random() * 400);
  const [answer] = (await once(
    http.get({ host: '127.0.0.1', port, path, agent, headers: { host: `localhost:${port}` } }),
    'response',
  )) as [http.IncomingMessage];
  answer.resume();
  await once(answer, 'end');
}
