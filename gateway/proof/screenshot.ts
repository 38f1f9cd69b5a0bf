import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findChromium, launchBrowser } from './testing/browser.ts';
import { freePorts } from './testing/free-port.ts';
import { PortwayProcess } from './testing/portway.ts';
import { Processes } from './testing/processes.ts';

/**
 * Takes the pictures of the documentation: `npm run screenshot`. A gateway as `npm start` runs it, with services that answer as a shop's would,
 * and a minute of clients. Pictures are WebP, which is a third of PNG.
 */
const PICTURES = [
  { name: 'dashboard', place: '#/map/%2Fcart', scheme: 'light' },
  { name: 'dashboard-dark', place: '#/map/%2Fcart', scheme: 'dark' },
] as const;
const SECONDS = 65;
const docs = fileURLToPath(new URL('../../docs/', import.meta.url));

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
  throw new Error('there is no Chromium on this machine (Debian: apt-get install chromium)');
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
  await clients();
  for (const { name, page } of pages) {
    const devtools = await page.context().newCDPSession(page);
    const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
    await writeFile(join(docs, `${name}.webp`), Buffer.from(data, 'base64'));
    console.log(`docs/${name}.webp: ${Math.round((data.length * 3) / 4 / 1000)} kB`);
  }
} finally {
  await browser.close();
  gateway.child.kill('SIGTERM');
  await gateway.ended();
  await rm(folder, { recursive: true, force: true });
}

async function clients(): Promise<void> {
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
  for (let second = 0; second < SECONDS; second++) {
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
