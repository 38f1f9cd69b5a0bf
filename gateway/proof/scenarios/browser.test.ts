import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { axeFindings, findChromium, launchBrowser, openPage, type WatchedPage } from '../testing/browser.ts';
import { Fleet } from '../testing/fleet.ts';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { ok, startService } from '../testing/service.ts';

const executable = findChromium();
if (executable === null)
  console.info(
    'browser.test.ts is skipped: no Chromium on this machine (Debian: apt-get install chromium-headless-shell)',
  );

/** A red square of one pixel: the smallest PNG that a decoder takes. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
);

describe.skipIf(executable === null)('in a browser, behind its prefix,', { timeout: 60_000 }, () => {
  let fleet: Fleet;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    [fleet, browser] = await Promise.all([Fleet.start(), launchBrowser(executable!)]);
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  }, 30_000);

  beforeEach(async () => {
    context = await browser.newContext();
    return () => context.close();
  });

  const open = (path: string): Promise<WatchedPage> => openPage(context, fleet.origin + path);

  test.each(['/', '/db/', '/files/', '/images/', '/chat/'])(
    '%s opens without a fault, at 360 px without scrolling sideways',
    async (path) => {
      const { page, faults } = await open(path);
      await page.setViewportSize({ width: 360, height: 740 });
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow).toBe(0);
      expect(await page.locator('h1').count()).toBe(1);
      expect(await axeFindings(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await axeFindings(page, ['color-contrast'])).toEqual([]);
      // Where one is, and the way to the map.
      await page.getByRole('link', { name: 'Map', exact: true }).click();
      await page.waitForURL(`${fleet.origin}/`);
      expect(faults).toEqual([]);
    },
  );

  test('an empty store shows what to do: a line for a terminal, and a sample, as table, tree and schema', async () => {
    const { page, faults } = await open('/db/');
    const line = page.locator('#curl');
    await line.waitFor();
    await page.getByRole('button', { name: 'Add a sample collection' }).click();
    await page.locator('#list').getByRole('cell', { name: 'Herman Melville' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('Show as').selectOption('tree');
    await page.locator('#list summary', { hasText: 'author' }).first().click();
    await page.locator('#list').getByText('"Bram Stoker"').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Edit dracula' }).press('Enter');
    await expect.poll(() => page.inputValue('#text')).toContain('Bram Stoker');
    await page.getByLabel('Show as').selectOption('schema');
    await page.getByRole('row', { name: 'tags list 67 %' }).waitFor();
    await page.getByLabel('Show as').selectOption('table');
    const env = { ...process.env, NO_PROXY: '*' };
    await promisify(execFile)('sh', ['-c', (await line.textContent())!], { env });
    await page.locator('#list').getByText('Ports', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'books (4)' }).waitFor();
    expect(faults).toEqual([]);
  });

  test('a store that is down is said to be, and followed again when it is back', async () => {
    const down = { status: 502, json: { detail: 'Nothing accepts connections where this route leads.' } };
    let refused = 0;
    await context.route(/\/db\/(_changes)?$/, (route) => {
      if (route.request().isNavigationRequest() || refused >= 2) return route.continue();
      refused++;
      return route.fulfill(down);
    });
    const watched = await open('/db/');
    watched.expectFaults(/502/);
    await watched.page.getByText('Connection lost; trying again').waitFor();
    await watched.page.getByText('Connected', { exact: true }).waitFor();
    expect(refused).toBe(2);
    expect(watched.faults).toEqual([]);
  });

  test('a store of hostile documents is shown as text, by wide tables that scroll for themselves', async () => {
    const { page, faults } = await open('/db/');
    const documents: readonly object[] = [
      { name: '<img src=x onerror=alert(1)>', toString: 'mine', constructor: 1, wide: 'x'.repeat(150) },
      { name: 'plain', note: 'a field or two that the other has not', more: 'y'.repeat(150) },
    ];
    for (const document of documents)
      await page.request.post(`${fleet.origin}/db/hostile`, { data: document });
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByLabel('Collection', { exact: true }).fill('hostile');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByRole('cell', { name: '<img src=x' }).waitFor();
    await page.getByRole('cell', { name: 'plain' }).waitFor();
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBe(0);
    expect(faults).toEqual([]);
  });

  test('the page of a service that is down takes itself again when the service is back', async () => {
    const port = await freePort();
    const gateway = await startTestGateway(`routes:\n  /api: ${port}\n`, { mode: 'development' });
    const watched = await openPage(context, `http://localhost:${gateway.port}/api/`);
    await watched.page.getByText('loaded again when the service answers').waitFor();
    (await startService({ listen: { port, host: '127.0.0.1' } })).answer(
      ok('here I am', 'Content-Type: text/html'),
    );
    await watched.page.getByText('here I am').waitFor();
    // Nothing of the page breaks its own policy; the scripted service has no icon.
    expect(watched.faults.filter((fault) => !/502|404/.test(fault))).toEqual([]);
  });

  test('a navigation without the final slash finds its way', async () => {
    const { page, faults } = await open('/db');
    expect(new URL(page.url()).pathname).toBe('/db/');
    expect(faults).toEqual([]);
  });

  test('the own page shows every route and that it is up', async () => {
    const { page } = await open('/');
    for (const path of ['/db', '/files', '/images', '/chat'])
      expect(await page.getByRole('link', { name: path, exact: true }).count()).toBe(1);
    expect(await page.locator('h1').textContent()).toContain('All 4 routes are up');
  });

  test('a document is written and edited, and its changes are followed', async () => {
    await context.request.post(`${fleet.origin}/db/earlier`, { data: {} });
    // The list of what is there comes behind the first click, and takes nothing back.
    const clicked = Promise.withResolvers<void>();
    await context.route('**/db/', async (route) => {
      if (route.request().resourceType() === 'fetch') await clicked.promise;
      await route.continue();
    });
    const { page, faults } = await open('/db/');
    await page.fill('#collection', 'shelf');
    await page.click('#new');
    clicked.resolve();
    await page.locator('#collections option').first().waitFor({ state: 'attached' });
    await page.fill('#text', '{"title":"Ports"}');
    await page.click('#editor button[type=submit]');
    await page.locator('#list-title', { hasText: 'shelf' }).waitFor();
    await page.fill('#text', '');
    await page.locator('#list button').first().click();
    // The document comes from the service, and would overwrite what is typed before it is there.
    await expect.poll(() => page.inputValue('#text'), { timeout: 10_000 }).toContain('Ports');
    await page.fill('#text', '{"title":"Many ports"}');
    await page.click('#editor button[type=submit]');
    await page.locator('#list', { hasText: 'Many ports' }).waitFor();
    await page.locator('#feed li').nth(1).waitFor();
    expect(faults).toEqual([]);
  });

  test('a file is uploaded, seen in the list and downloaded as it was', async () => {
    const file = join(fleet.folder, 'letter.bin');
    const bytes = randomBytes(300_000);
    await writeFile(file, bytes);
    const { page, faults } = await open('/files/');
    await page.setInputFiles('#choose', file);
    await page.getByRole('link', { name: 'letter.bin' }).waitFor();
    const answer = await page.request.get(`${fleet.origin}/files/letter.bin`);
    expect((await answer.body()).equals(bytes)).toBe(true);
    expect(faults).toEqual([]);
  });

  test('the beginning of a text is looked at, and no more of it asked for', async () => {
    const { page, faults } = await open('/files/');
    await page.request.put(`${fleet.origin}/files/notes.md`, { data: `# Notes\n${'x'.repeat(40_000)}` });
    await page.reload();
    const asked = page.waitForResponse(/notes\.md/);
    await page.getByRole('button', { name: 'Preview notes.md' }).press('Enter');
    expect((await asked).status()).toBe(206);
    await page.getByRole('dialog', { name: 'notes.md' }).getByText('# Notes').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  });

  test('an upload is paused, survives a kill of its service, and is resumed', async () => {
    const file = join(fleet.folder, 'film.bin');
    const bytes = randomBytes(48 * 1024 * 1024);
    await writeFile(file, bytes);
    const { page } = await open('/files/');
    // Slow enough that there is a middle to pause in.
    const network = await context.newCDPSession(page);
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 16 * 1024 * 1024 };
    await network.send('Network.emulateNetworkConditions', slow);
    await page.setInputFiles('#choose', file);
    await page.locator('progress').waitFor();
    await expect
      .poll(() => page.evaluate("document.querySelector('progress').value"), { timeout: 10_000 })
      .toBeGreaterThan(2 ** 20);
    await page.getByRole('button', { name: 'Pause or resume film.bin' }).click();
    await fleet.kill('files');
    await network.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 });
    await page.getByRole('button', { name: 'Pause or resume film.bin' }).click();
    await page.getByRole('link', { name: 'film.bin' }).waitFor();
    const answer = await page.request.get(`${fleet.origin}/files/film.bin`);
    expect((await answer.body()).equals(bytes)).toBe(true);
  });

  test('an image is shown in the format that is asked for', async () => {
    const { page, faults } = await open('/images/');
    const answer = await page.request.put(`${fleet.origin}/images/dot.png`, {
      data: PNG,
      headers: { 'Content-Type': 'image/png' },
    });
    expect(answer.ok()).toBe(true);
    await page.reload();
    await page.locator('li[data-name="dot.png"] a.tile').click();
    await page.selectOption('#viewer-format', 'webp');
    await page.locator('#viewer-image[src*="format=webp"]').waitFor();
    const type = await page.evaluate(
      "fetch(document.getElementById('viewer-image').src).then((answer) => answer.headers.get('content-type'))",
    );
    expect(type).toBe('image/webp');
    expect(faults).toEqual([]);
  });

  test('two windows chat, and what one writes is text in the other', async () => {
    const [anna, bert] = [await open('/chat/'), await open('/chat/')];
    for (const [{ page }, name] of [
      [anna, 'Anna'],
      [bert, 'Bert'],
    ] as const) {
      await page.fill('#room', 'ports');
      await page.fill('#name', name);
      await page.click('#join button');
      await page.locator('#say').waitFor({ state: 'visible' });
    }
    await anna.page.fill('#text', '<img src=x onerror=alert(1)> hello');
    await anna.page.click('#say button');
    await bert.page.locator('#messages', { hasText: '<img src=x onerror=alert(1)> hello' }).waitFor();
    await bert.page.fill('#text', 'hello Anna');
    await bert.page.click('#say button');
    await anna.page.locator('#messages', { hasText: 'hello Anna' }).waitFor();
    // Who comes again in the same window is the same person, in the same room; everybody sees who is there.
    await anna.page.reload();
    await anna.page.locator('#messages', { hasText: 'hello Anna' }).waitFor();
    await anna.page.getByText('Here: 2').waitFor();
    expect(await anna.page.locator('#people').textContent()).toBe('Anna (you)Bert');
    expect(await anna.page.inputValue('#room')).toBe('ports');
    expect(await axeFindings(anna.page)).toEqual([]);
    // The line for a terminal is one that a shell takes, and joins.
    const line = (await anna.page.locator('#line').textContent())!.replace('"lobby"', '"ports"');
    const command = line.replace(/^node/, `exec '${process.execPath}'`);
    const terminal = execFile('sh', ['-c', command], { env: { ...process.env, NO_PROXY: '*' } });
    onTestFinished(() => void terminal.kill());
    await anna.page.getByText('Here: 3').waitFor();
    expect([...anna.faults, ...bert.faults]).toEqual([]);
  });
});
