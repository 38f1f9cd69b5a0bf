import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ExchangeSummary } from '../../model/exchanges.ts';
import type { GatewayStatus } from '../../model/status.ts';
import { axeFindings, findChromium, launchBrowser, openPage, type WatchedPage } from '../testing/browser.ts';
import { freePort } from '../testing/free-port.ts';
import { DEVELOPMENT, startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { Processes } from '../testing/processes.ts';
import { ok, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const executable = findChromium();
if (executable === null)
  console.info(
    'dashboard.test.ts is skipped: no Chromium on this machine (Debian: apt-get install chromium-headless-shell)',
  );

const build = fileURLToPath(new URL('../../dashboard/build.ts', import.meta.url));

describe.skipIf(executable === null)('the dashboard in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    const built = promisify(execFile)(process.execPath, [build]);
    [browser] = await Promise.all([launchBrowser(executable!), built]);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    // A mark that beats would have the browser draw sixty times a second.
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    return () => context.close();
  });

  async function gatewayWithTraffic(): Promise<TestGateway> {
    const service = (await startService()).answer(ok('here'));
    const yaml = `routes:\n  /db: { to: ${service.port}, cors: true }\n  /gone: { to: ${await freePort()}, breaker: true }\n  /shop: { to: [${service.port}, ${await freePort()}] }\n`;
    const gateway = await startTestGateway(yaml, DEVELOPMENT);
    await gateway.get('/db/x');
    await gateway.get('/gone/x');
    return gateway;
  }

  const open = (gateway: TestGateway, place = ''): Promise<WatchedPage> =>
    openPage(context, `http://127.0.0.1:${gateway.adminPort}/${place}`);

  test('shows what is mapped where, how it is, and why', async () => {
    const { page, faults } = await open(await gatewayWithTraffic());
    const row = (path: string) => page.getByRole('row', { name: path });
    await row('/db').waitFor();
    expect(await row('/db').textContent()).toContain('cors');
    expect(await row('/db').textContent()).toContain('db.localhost');
    expect(await row('/gone').textContent()).toMatch(/Down.*nothing listens on \d+.*100 %/);
    expect(await row('/shop').textContent()).toContain('Partly up');
    await expect.poll(() => page.title()).toContain('1 down');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('/gone is down.');
    expect(faults).toEqual([]);
  });

  test('the map by keys: rows, the row’s details, the filter, the help', async () => {
    const { page, faults } = await open(await gatewayWithTraffic());
    await page.getByRole('row', { name: '/db' }).waitFor();
    await press(page, 'j', 'j', 'k', 'j');
    expect(await spoken(page)).toMatch(
      /^button "\/gone", described as "Down localhost:\d+ .*nothing listens on \d+/,
    );
    await page.keyboard.press('Enter');
    const details = page.getByRole('complementary', { name: '/gone' });
    await details.getByText('nothing listens').first().waitFor();
    expect(await details.textContent()).toContain('wire: a plain route');
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.dataset.row')).toBe('/gone');
    await page.keyboard.press('/');
    await page.keyboard.type('shop');
    await page.getByRole('row', { name: '/db' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('row', { name: '/shop' }).count()).toBe(1);
    await press(page, 'Escape', '?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
    expect(faults).toEqual([]);
  });

  test('the map by mouse: a row opens and closes, and a link leads to it', async () => {
    const gateway = await gatewayWithTraffic();
    const { page } = await open(gateway);
    await page.getByRole('row', { name: '/db' }).click();
    const details = page.getByRole('complementary', { name: '/db' });
    await details.waitFor();
    expect(page.url()).toContain('#/map/%2Fdb');
    await details.getByRole('button', { name: 'Close' }).click();
    await details.waitFor({ state: 'detached' });
    const again = await open(gateway, '#/map/%2Fshop');
    await again.page.getByRole('complementary', { name: '/shop' }).waitFor();
  });

  test('the stream by keys: exchanges as they end, one of them whole, a filter', async () => {
    const gateway = await gatewayWithTraffic();
    const { page, faults } = await open(gateway);
    await page.getByRole('row', { name: '/db' }).waitFor();
    await page.keyboard.press('2');
    await page.getByRole('row', { name: 'GET /gone/x' }).waitFor();
    await gateway.get('/db/live?token=hush', 'Authorization: Bearer hush', 'X-Note: seen');
    await page.getByRole('row', { name: 'GET /db/live' }).waitFor();
    await page.keyboard.press('j');
    expect(await spoken(page)).toMatch(
      /^button "GET \/db\/live\?token=\(not shown\)", described as "200 localhost:\d+ \S+ m?s \d\d:\d\d:\d\d"$/,
    );
    await page.keyboard.press('Enter');
    const details = page.getByRole('complementary', { name: 'GET /db/live' });
    await details.getByText('first byte').waitFor();
    expect(await details.textContent()).toMatch(/X-Note\s*seen/);
    expect(await details.textContent()).toContain('Bearer (not shown)');
    expect(await details.textContent()).toContain('/db takes it');
    expect(await page.content()).not.toContain('hush');
    // On a small window the details lie over the list, and leave its tools free.
    await page.setViewportSize({ width: 960, height: 800 });
    for (const name of ['Pause', 'HAR', 'Clear'])
      await page.getByRole('button', { name }).click({ trial: true });
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    await press(page, 'x', 'Shift+J', 'Shift+J');
    await page.getByRole('button', { name: 'HAR of 3' }).waitFor();
    expect(await spoken(page)).toContain('GET /db/x');
    // One stop for Tab however many rows there are, and its box before it.
    await page.keyboard.press('Shift+Tab');
    expect(await spoken(page)).toMatch(/^checkbox "Choose GET \/db\/x"/);
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'HAR of 2' }).waitFor();
    expect(await page.locator('tbody [tabindex="0"]').count()).toBe(2);
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'HAR', exact: true }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('gone');
    await page.getByRole('row', { name: 'GET /db/live' }).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: 'GET /gone/x' }).waitFor();
    expect(faults).toEqual([]);
  });

  test('as many pages follow the stream as may; another says so, and begins when one is out of sight', async () => {
    const gateway = await gatewayWithTraffic();
    const first = await open(gateway, '#/stream');
    await first.page.getByRole('row', { name: 'GET /db/x' }).waitFor();
    const leave = new AbortController();
    onTestFinished(() => leave.abort());
    // An answer that nobody holds any more is one that its reader has left.
    const followers: Response[] = [];
    for (let at = 0; at < 8; at++)
      followers.push(await fetch(`http://127.0.0.1:${gateway.adminPort}/events`, { signal: leave.signal }));
    const next = await open(gateway, '#/stream');
    next.expectFaults(/503|\/events/);
    await next.page.getByRole('alert').getByText('8 follow the events already').waitFor();
    await next.page.getByRole('row', { name: 'GET /db/x' }).waitFor();
    await outOfSight(first.page, true);
    await next.page.getByRole('alert').waitFor({ state: 'detached' });
    await gateway.get('/db/live');
    await next.page.getByRole('row', { name: 'GET /db/live' }).waitFor();
    expect(await first.page.getByRole('row', { name: 'GET /db/live' }).count()).toBe(0);
    expect([...first.faults, ...next.faults]).toEqual([]);
    expect(followers.map(({ status }) => status)).toEqual([...Array(7).fill(200), 503]);
    expect(followers.at(-1)!.headers.get('retry-after')).toBe('2');
  });

  test('the stream by mouse: by route and status, paused, copied, saved', async () => {
    const gateway = await gatewayWithTraffic();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const { page, faults } = await open(gateway, '#/map/%2Fgone');
    await page.getByRole('complementary', { name: '/gone' }).getByRole('link', { name: 'Stream' }).click();
    await page.getByRole('row', { name: 'GET /gone/x' }).waitFor();
    expect(await page.getByRole('row', { name: 'GET /db/x' }).count()).toBe(0);
    await page.getByLabel('Route').selectOption('');
    await page.getByLabel('Status').selectOption('2xx');
    await page.getByRole('row', { name: 'GET /db/x' }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await gateway.get('/db/later');
    await page.getByRole('button', { name: 'Go on (1)' }).click();
    await page.getByRole('row', { name: 'GET /db/later' }).click();
    await page.getByRole('button', { name: 'curl' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain("'http://localhost/db/later'");
    const saved = async (button: string) => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: button, exact: true }).click();
      const har = JSON.parse(await readFile(await (await download).path(), 'utf8'));
      return har.log.entries.map(
        (entry: { request: { url: string } }) => new URL(entry.request.url).pathname,
      );
    };
    expect(await saved('HAR')).toEqual(['/db/later', '/db/x']);
    for (const name of ['one', 'two', 'three']) await gateway.get(`/db/${name}`);
    const row = (name: string) => page.getByRole('row', { name: `GET /db/${name}` });
    await row('three').getByRole('checkbox').click();
    await row('one').click({ modifiers: ['Shift'] });
    await row('two').click({ modifiers: ['ControlOrMeta'] });
    expect(await saved('HAR of 2')).toEqual(['/db/three', '/db/one']);
    // Nothing moves below the mouse of somebody who chooses.
    await page.getByRole('button', { name: /^Go on/ }).waitFor();
    const top = async () => (await row('two').boundingBox())?.y;
    const chosenAt = await top();
    await page.getByRole('button', { name: 'Choose none' }).click();
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(0);
    expect(await top()).toBe(chosenAt);
    await gateway.get('/db/four');
    await page.getByRole('button', { name: 'Go on (1)' }).waitFor();
    // What waits is of the filter that it was held with, and what was cleared does not come again.
    await page.getByLabel('Status').selectOption('');
    await page.getByRole('button', { name: 'Go on', exact: true }).click();
    await row('four').waitFor();
    await row('four').getByRole('checkbox').click();
    await page.getByRole('button', { name: 'Choose none' }).click();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('The stream is held').waitFor();
    await outOfSight(page, true);
    await gateway.get('/db/five');
    await outOfSight(page, false);
    await page.getByRole('button', { name: 'Go on' }).click();
    await row('five').waitFor();
    expect(await page.getByRole('row', { name: 'GET' }).count()).toBe(1);
    // The gateway's own page has no route, and is none of those that no route took.
    await gateway.get('/');
    await page.getByRole('row', { name: /GET \/ gateway/ }).waitFor();
    await gateway.get('/none');
    await page.getByRole('row', { name: /GET \/none no_route no route/ }).waitFor();
    expect(faults).toEqual([]);
  });

  test('a request is sent again from the stream, edited, and what differs is shown; what may change something asks first', async () => {
    const service = await startService();
    service.answer(({ method, target }) =>
      ok(JSON.stringify({ method, target }), 'Content-Type: application/json'),
    );
    const yaml = `routes:\n  /db: { to: ${service.port}, inspect: true }\n`;
    const gateway = await startTestGateway(yaml, DEVELOPMENT);
    const { page, faults } = await open(gateway, '#/stream');
    await gateway.get('/db/one', 'Authorization: Bearer hush');
    await page.getByRole('row', { name: 'GET /db/one' }).click();
    const details = page.getByRole('complementary', { name: 'GET /db/one' });
    await details.getByRole('button', { name: 'Send' }).click();
    await details.getByText('In nothing.').waitFor();
    expect(service.requests.at(-1)!.head.value('authorization')).toBe('Bearer hush');
    await details.getByLabel('Method').selectOption('PUT');
    await details.getByLabel('URL').fill('/db/two');
    await details.getByRole('button', { name: 'Send' }).click();
    expect(service.requests).toHaveLength(2);
    await details.getByRole('button', { name: 'Really PUT?' }).click();
    await details.getByText('/target', { exact: true }).waitFor();
    expect(service.requests.at(-1)).toMatchObject({ method: 'PUT', target: '/two' });
    expect(await details.getByLabel('body of what came back').textContent()).toContain('"target": "/two"');
    expect(await page.content()).not.toContain('hush');
    expect(await axeFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  test('a request that nobody sent yet is explained while it is written, and sent, by keys alone', async () => {
    const gateway = await gatewayWithTraffic();
    const { page, faults } = await open(gateway);
    await page.getByRole('row', { name: '/db' }).waitFor();
    await page.keyboard.press('4');
    await page.getByRole('heading', { name: 'Try it' }).waitFor();
    await press(page, '/', 'Control+A');
    await page.keyboard.type('/db/y?x=1');
    await page.getByText('/db takes it').waitFor();
    expect(await page.getByLabel('Explanation').textContent()).toContain(
      `X-Forwarded-Host: localhost:${gateway.port}`,
    );
    await page.keyboard.press('Enter');
    const answer = page.getByRole('region', { name: 'What came back', exact: true });
    await answer.getByText('here').waitFor();
    expect(await answer.textContent()).toContain('200');
    await press(page, 'Escape', '1');
    await page.getByRole('row', { name: '/gone' }).click();
    await page.getByRole('complementary').getByRole('link', { name: 'Try it' }).click();
    await page.getByText('/gone takes it').waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await answer.getByText('502', { exact: true }).waitFor();
    expect(faults).toEqual([]);
  });

  test('the heat of a route leads to its requests, by keys, and by mouse to those of a time', async () => {
    const gateway = await gatewayWithTraffic();
    const { page, faults } = await open(gateway, '#/heat');
    const strip = page.getByRole('img', { name: /^\/gone: .*100 % failed/ });
    await strip.waitFor();
    await gateway.get('/gone/later');
    await strip.locator('.cell').first().waitFor();
    await press(page, 'j', 'Enter');
    await page.getByRole('row', { name: 'GET' }).first().waitFor();
    await page.goBack();
    await dragOver(page, strip);
    await page.getByRole('row', { name: 'GET /gone/later' }).waitFor();
    expect(await page.getByLabel('Route').inputValue()).toBe('/gone');
    expect(faults).toEqual([]);
  });

  test('the file is edited by keys: what is wrong, what changes, for which requests, applied and undone', async () => {
    const service = (await startService()).answer(ok('here'));
    const yaml = `# the store\nroutes:\n  /db: ${service.port} # kept\noverload: off\n`;
    const gateway = await startTestGateway(yaml, DEVELOPMENT);
    await gateway.get('/new/x');
    const { page, faults } = await open(gateway);
    await page.getByRole('row', { name: '/db' }).waitFor();
    await page.keyboard.press('5');
    const editor = page.getByLabel('Configuration');
    await editor.waitFor();
    await page.getByText('This is what is in use.').waitFor();
    await press(page, '/', 'Control+End', 'ArrowUp');
    await page.keyboard.type('  /new: 3OO1');
    await page.keyboard.press('Enter');
    await page.getByText('a letter O instead of a zero?').waitFor();
    expect(await page.locator('.wrong').first().textContent()).toBe('3OO1');
    expect(await page.getByRole('button', { name: 'Apply' }).isDisabled()).toBe(true);
    await editor.fill(yaml.replace('overload', `  /new: ${service.port}\noverload`));
    await page.getByText(`new, → localhost:${service.port}`).waitFor();
    await page.getByText('GET /new/x').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Apply' }).press('Enter');
    await page.getByText('Written: it takes effect now.').waitFor();
    await expect.poll(async () => (await gateway.get('/new/x')).text).toBe('here');
    expect(await readFile(gateway.configFile, 'utf8')).toContain('# kept\n  /new');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => readFile(gateway.configFile, 'utf8')).toBe(yaml);
    expect(faults).toEqual([]);
  });

  test('keys and their words are offered while the file is written, as the gateway knows them', async () => {
    const gateway = await startTestGateway('overload: off\nroutes:\n  /db: { to: 1 }\n', DEVELOPMENT);
    const { page, faults } = await open(gateway, '#/config');
    await page.getByText('This is what is in use.').waitFor();
    const editor = page.getByLabel('Configuration');
    await editor.press('Control+End');
    await page.keyboard.type('  /new:');
    await page.keyboard.press('Enter');
    await page.keyboard.type('ba');
    await page.getByRole('option', { name: 'balance' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.keyboard.type('r');
    await page.getByRole('option', { name: 'round-robin' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('listbox').waitFor({ state: 'detached' });
    await page.keyboard.type('o');
    await page.getByRole('option', { name: 'round-robin' }).click();
    await press(page, 'Enter', 'Control+Space');
    await page.getByRole('option', { name: 'canary' }).waitFor();
    expect(await page.getByRole('option', { name: 'balance' }).count()).toBe(0);
    expect(await editor.inputValue()).toContain('  /new:\n    balance: round-robin\n    ');
    expect(faults).toEqual([]);
  });

  test('an endpoint is drained and admitted again, and what a second service answers otherwise is shown', async () => {
    const service = await startService();
    service.answer(() => ok('{"name":"db"}', 'Content-Type: application/json'));
    const beside = await startService();
    beside.answer(() => ok('{"name":"next"}', 'Content-Type: application/json'));
    const yaml = `routes:\n  /db: { to: ${service.port}, compare: ${beside.port} }\n`;
    const gateway = await startTestGateway(yaml, DEVELOPMENT);
    await gateway.get('/db/x');
    const { page, faults } = await open(gateway, '#/map/%2Fdb');
    const details = page.getByRole('complementary', { name: '/db' });
    await details.getByText('GET /x').waitFor();
    expect(await details.locator('.compared').textContent()).toContain('/name"db" "next"');
    await details.getByRole('button', { name: `Drain localhost:${service.port}` }).press('Enter');
    await details.getByRole('button', { name: `Admit localhost:${service.port}` }).waitFor();
    expect((await gateway.get('/db/x')).status).toBe(503);
    expect(await axeFindings(page)).toEqual([]);
    await details.getByRole('button', { name: `Admit localhost:${service.port}` }).click();
    await details.getByRole('button', { name: `Drain localhost:${service.port}` }).waitFor();
    expect((await gateway.get('/db/x')).status).toBe(200);
    expect(faults).toEqual([]);
  });

  test('messages of a WebSocket stand beside its route as they pass', async () => {
    const service = await startService();
    const yaml = (inspect: string) => `routes:\n  /chat: { to: ${service.port}${inspect} }\n`;
    const gateway = await startTestGateway(yaml(''), DEVELOPMENT);
    const opened = async () => {
      const client = await gateway.connect();
      await client.send(handshake('/chat/room', 'Host: localhost'));
      const connection = await service.connectionThatSays('GET /room');
      await connection.send(agreement());
      await client.head();
      return { client, connection };
    };
    const before = await opened();
    await gateway.editAndReload(yaml(', inspect: true'));
    const { page, faults } = await open(gateway, '#/map/%2Fchat');
    await page.getByRole('complementary', { name: '/chat' }).waitFor();
    await page.getByText('An open connection is not looked into').waitFor();
    const { client, connection } = await opened();
    // A text each way, unmasked and masked with zeros.
    await connection.send(Buffer.from([0x81, 7, ...Buffer.from('welcome')]));
    await client.send(Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from('hello')]));
    const messages = page.getByRole('list', { name: 'Messages, the newest first' });
    await messages.getByText('welcome').waitFor();
    await messages.getByText('hello').waitFor();
    expect(await messages.getByRole('listitem').first().textContent()).toContain('to the service, text, 5 B');
    expect(await axeFindings(page)).toEqual([]);
    client.destroy();
    before.client.destroy();
    expect(faults).toEqual([]);
  });

  test('bodies are kept for a while from the page, and no more', async () => {
    const service = (await startService()).answer(ok('the body of it'));
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`, DEVELOPMENT);
    const { page, faults } = await open(gateway, '#/stream');
    await page.getByLabel('Keep bodies').selectOption('5m');
    await page.getByRole('button', { name: /^Bodies kept until/ }).waitFor();
    await gateway.get('/db/kept');
    await page.getByRole('row', { name: 'GET /db/kept' }).click();
    const body = page.getByLabel('body of the answer');
    await body.getByText('the body of it').waitFor();
    // The gateway knows it, not the page.
    await gateway.editAndReload(`routes:\n  /db: { to: ${service.port}, cors: true }\n`);
    await page.reload();
    await page.getByRole('button', { name: /^Bodies kept until/ }).click();
    await page.getByLabel('Keep bodies').waitFor();
    await gateway.get('/db/after');
    await page.getByRole('row', { name: 'GET /db/after' }).click();
    await page.getByRole('complementary', { name: 'GET /db/after' }).getByText('first byte').waitFor();
    expect(await body.count()).toBe(0);
    expect(faults).toEqual([]);
  });

  test('a change after which requests fail is said to be worse, and rolled back; each change can be taken back', async () => {
    const service = (await startService()).answer(ok('here'));
    const yaml = `overload: off\nroutes:\n  /db: ${service.port}\n`;
    const gateway = await startTestGateway(yaml, DEVELOPMENT);
    await gateway.get('/db/x');
    const { page, faults } = await open(gateway, '#/config');
    const editor = page.getByLabel('Configuration');
    const apply = async (text: string) => {
      await editor.fill(text);
      await page.getByRole('button', { name: 'Apply' }).click();
      await expect.poll(() => readFile(gateway.configFile, 'utf8')).toBe(text);
    };
    await apply(`# one\n${yaml}`);
    await apply(yaml.replace(String(service.port), String(await freePort())));
    await expect.poll(async () => (await gateway.get('/db/x')).status).toBe(502);
    for (let asked = 0; asked < 12; asked++) await gateway.get('/db/x');
    const alert = page.getByRole('alert').filter({ hasText: 'fail since this was applied' });
    await alert.waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await alert.getByRole('button', { name: 'Roll back' }).click();
    await expect.poll(() => readFile(gateway.configFile, 'utf8')).toBe(`# one\n${yaml}`);
    await alert.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => readFile(gateway.configFile, 'utf8')).toBe(yaml);
    await expect.poll(() => page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
    expect(faults).toEqual([]);
  });

  test('follows what changes, and says when the gateway is gone and when it is back', async () => {
    const gateway = await gatewayWithTraffic();
    const watched = await open(gateway);
    const { page } = watched;
    await page.getByRole('row', { name: '/shop' }).waitFor();
    await gateway.editAndReload('routes:\n  /other: 1\n');
    await page.getByRole('row', { name: '/other' }).waitFor();
    await gateway.editAndReload('routes:\n  /other: x\n');
    await page.getByRole('alert').getByText('was not taken into use').waitFor();
    watched.expectFaults(/ERR_|failed:/);
    await gateway.close();
    await page.getByText('The gateway can’t be reached').waitFor();
    expect(watched.faults).toEqual([]);
  });

  test('says how to begin where there is no route', async () => {
    const gateway = await startTestGateway('routes: {}\n', DEVELOPMENT);
    const { page } = await open(gateway);
    await page.getByText('/hello: 7777').waitFor();
    await page.getByText(`curl http://localhost:${gateway.port}/hello`).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  test('its first view is no more than 40 KiB, and comes from nowhere else', async () => {
    const gateway = await gatewayWithTraffic();
    const page = await context.newPage();
    const loaded: Promise<{ url: string; bytes: number }>[] = [];
    page.on('requestfinished', (request) => {
      if (/\/(dashboard\/.*)?$/.test(request.url()))
        loaded.push(request.sizes().then(({ responseBodySize: bytes }) => ({ url: request.url(), bytes })));
    });
    await page.goto(`http://127.0.0.1:${gateway.adminPort}/`);
    await page.getByRole('row', { name: '/db' }).waitFor();
    const files = await Promise.all(loaded);
    expect(files.map(({ url }) => new URL(url).pathname).sort()).toEqual(
      expect.arrayContaining(['/', '/dashboard/app.js', '/dashboard/look.css']),
    );
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(40 * 1024);
  });

  test.each([1280, 360])('has no findings of axe at %i px, and no scrolling sideways', async (width) => {
    const gateway = await gatewayWithTraffic();
    const { page, faults } = await open(gateway);
    await page.setViewportSize({ width, height: 740 });
    for (const place of PLACES) {
      await page.evaluate(`location.hash = '${place}'`);
      await page.locator(`[data-ready="${place}"]`).waitFor();
      await page.emulateMedia({ colorScheme: 'light' });
      if (place === '#/config' && width === 360) {
        await page
          .getByLabel('Configuration')
          .fill(`routes: {} # ${'as long as few lines are, '.repeat(40)}`);
        await page.locator('.layers pre').filter({ hasText: 'few lines' }).waitFor();
        // Rows break in the field where they break in the coloured text behind it.
        const heights =
          "['pre', 'textarea'].map((of) => document.querySelector('.layers ' + of).scrollHeight)";
        const [shown, written] = (await page.evaluate(heights)) as number[];
        expect(written).toBe(shown);
        expect(
          await page.evaluate(
            "document.querySelector('.editor').scrollWidth - document.querySelector('.editor').clientWidth",
          ),
        ).toBe(0);
      }
      expect(await axeFindings(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await axeFindings(page, ['color-contrast'])).toEqual([]);
    }
    expect(faults).toEqual([]);
  });

  describe('while 500 requests a second go through', () => {
    /** The load runs in a process of its own, and longer than any test. */
    async function gatewayUnderLoad(): Promise<TestGateway> {
      const service = (await startService()).answer(ok('here'));
      const yaml = `overload: off\nroutes:\n  /db: { to: ${service.port}, cors: true }\n  /rare: ${service.port}\n  /gone: ${await freePort()}\n`;
      const gateway = await startTestGateway(yaml, DEVELOPMENT);
      const url = `http://127.0.0.1:${gateway.port}/db/load`;
      const load = { url, connections: 16, seconds: 300, messageBytes: 0, perSecond: 500 };
      const program = fileURLToPath(new URL('../testing/own-load-program.ts', import.meta.url));
      const processes = new Processes();
      onTestFinished(() => processes.killAll());
      await processes.start([process.execPath, program, JSON.stringify(load)]);
      await expect.poll(() => served(gateway), { timeout: 20_000 }).toBeGreaterThan(0);
      return gateway;
    }

    async function served(gateway: TestGateway): Promise<number> {
      const { text } = await gateway.get('/traffic', 'Host: portway.localhost');
      const { routes } = JSON.parse(text) as { routes: { id: string; requests: number }[] };
      return routes.find(({ id }) => id === '/db')?.requests ?? 0;
    }

    test('the main job of each page is done by keys', async () => {
      const gateway = await gatewayUnderLoad();
      const before = await served(gateway);
      const { page, faults } = await open(gateway);
      const row = (name: string) => page.getByRole('row', { name });
      const inspected = async () => expect(await axeFindings(page)).toEqual([]);
      await row('/db').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('gone');
      await row('/db').waitFor({ state: 'detached' });
      await press(page, 'Escape', 'j', 'Enter');
      await page.getByRole('complementary', { name: '/gone' }).getByText('nothing listens').first().waitFor();
      await press(page, 'Escape', '2');
      await row('GET /db/load').first().waitFor();
      await page.keyboard.press('p');
      await page.getByRole('button', { name: /^Go on/ }).waitFor();
      await press(page, 'j', 'Enter');
      await page.getByRole('complementary').getByText('/db takes it').waitFor();
      await inspected();
      await press(page, 'Escape', 'p', '/');
      await page.keyboard.type('needle');
      await row('GET /db/load').first().waitFor({ state: 'detached' });
      // Of more than 750 in a second, as a load that catches up may bring, the gateway shows a part.
      await expect
        .poll(async () => {
          await gateway.get('/rare/needle');
          return row('GET /rare/needle').count();
        })
        .toBeGreaterThan(0);
      await press(page, 'Escape', '3');
      await page.getByRole('img', { name: /^\/db: / }).waitFor();
      await press(page, 'j', 'Enter');
      await row('GET /db/load').first().waitFor();
      await page.keyboard.press('4');
      await page.getByRole('heading', { name: 'Try it' }).waitFor();
      await press(page, '/', 'Control+A');
      await page.keyboard.type('/rare/y');
      await page.getByText('/rare takes it').waitFor();
      await page.keyboard.press('Enter');
      const answer = page.getByRole('region', { name: 'What came back', exact: true });
      await answer.getByText('here').waitFor();
      await inspected();
      await press(page, 'Escape', '5');
      await page.getByText('This is what is in use.').waitFor();
      await press(page, '/', 'Control+End');
      await page.keyboard.type('  /more: 1');
      await page.getByText('new, → localhost:1').waitFor();
      await page.getByRole('button', { name: 'Apply' }).press('Enter');
      await page.getByText('Written: it takes effect now.').waitFor();
      await page.getByRole('button', { name: 'Undo' }).press('Enter');
      await page.getByText('This is what is in use.').waitFor();
      expect(await served(gateway)).toBeGreaterThan(before);
      expect(faults).toEqual([]);
    });

    test('and by mouse', async () => {
      const gateway = await gatewayUnderLoad();
      const before = await served(gateway);
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const { page, faults } = await open(gateway);
      await page.getByRole('row', { name: '/rare' }).click();
      await page.getByRole('complementary', { name: '/rare' }).getByRole('link', { name: 'Try it' }).click();
      await page.getByText('/rare takes it').waitFor();
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByRole('region', { name: 'What came back', exact: true }).getByText('here').waitFor();
      await page.getByRole('link', { name: 'Stream' }).click();
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('row', { name: 'GET /db/load' }).first().click();
      const details = page.getByRole('complementary');
      await details.getByRole('button', { name: 'curl' }).click();
      await details.getByRole('button', { name: 'Copied' }).waitFor();
      await details.getByRole('button', { name: 'Send' }).click();
      await details.getByText('Not in status and fields').waitFor();
      await details.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('button', { name: /^Go on/ }).click();
      await page.getByRole('link', { name: 'Heat' }).click();
      const strip = page.getByRole('img', { name: /^\/db: / });
      await strip.locator('.cell').first().waitFor();
      await dragOver(page, strip);
      await page.getByRole('row', { name: 'GET /db/load' }).first().waitFor();
      expect(await page.getByLabel('Route').inputValue()).toBe('/db');
      await page.getByRole('link', { name: 'Config' }).click();
      await page.getByText('This is what is in use.').waitFor();
      const editor = page.getByLabel('Configuration');
      await editor.fill(`${await editor.inputValue()}  /more: 1\n`);
      await page.getByText('new, → localhost:1').waitFor();
      await page.getByRole('button', { name: 'Apply' }).click();
      await page.getByText('Written: it takes effect now.').waitFor();
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByText('This is what is in use.').waitFor();
      expect(await served(gateway)).toBeGreaterThan(before);
      expect(faults).toEqual([]);
    });
  });

  test('keeps its memory over an hour of traffic', async () => {
    const gateway = await gatewayWithTraffic();
    const status = JSON.parse((await gateway.get('/status', 'Host: portway.localhost')).text);
    const kept = JSON.parse((await gateway.get('/exchanges', 'Host: portway.localhost')).text);
    const watched = await open(gateway);
    const { page } = watched;
    await page.getByRole('row', { name: '/db' }).waitFor();
    // In steps of half a minute, each a status and twenty exchanges: six minutes to warm up, and the rest of the hour in three parts.
    const parts = [12, 36, 36, 36];
    let step = 0;
    let next = Promise.withResolvers<number>();
    await page.route(/\/events/, async (route) => {
      const length = await next.promise;
      next = Promise.withResolvers();
      const events = Array.from({ length }, () => stepOf(++step, status, kept.exchanges[0]));
      return route.fulfill({ contentType: 'text/event-stream', body: `retry: 1\n\n${events.join('')}` });
    });
    await page.keyboard.press('2');
    const heap = await context.newCDPSession(page);
    const used: number[] = [];
    let sent = 0;
    for (const length of parts) {
      sent += length;
      next.resolve(length);
      await page.getByRole('row', { name: `GET /db/${sent}x19` }).waitFor({ timeout: 60_000 });
      await heap.send('HeapProfiler.collectGarbage');
      used.push((await heap.send('Runtime.getHeapUsage')).usedSize);
    }
    expect(await page.getByRole('row').count()).toBeLessThanOrEqual(201);
    // The browser itself takes 2 MB once, sooner or later; what is kept of each exchange would show in every part.
    const grown = used.slice(1).map((size, at) => size - used[at]!);
    expect(Math.min(...grown)).toBeLessThan(100_000);
  });
});

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** Chooses the last four fifths of a strip of time. */
async function dragOver(page: Page, strip: Locator): Promise<void> {
  const box = (await strip.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.2, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width, box.y + 20);
  await page.mouse.up();
}

/** As a browser tells a tab that another one covers it, or no more. */
async function outOfSight(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(
    `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
  );
}

/** What a screen reader says of what has the focus. */
async function spoken(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const focused = nodes.findLast(({ properties }) =>
    properties?.some(({ name, value }) => name === 'focused' && value.value === true),
  );
  return `${focused?.role?.value} "${focused?.name?.value}", described as "${focused?.description?.value}"`;
}

/** What the stream of events says in half a minute. */
function stepOf(step: number, status: GatewayStatus, exchange: ExchangeSummary): string {
  const at = status.at + step * 30_000;
  const routes = status.routes.map((route) => ({
    ...route,
    traffic: route.traffic && { ...route.traffic, requests: route.traffic.requests + step * 20 },
  }));
  const ended = Array.from({ length: 20 }, (_, index) => {
    const target = `/db/${step}x${index}`;
    const one = { ...exchange, id: target, target, route: '/db', endedAt: at + index, missed: 0 };
    return `event: exchange\ndata: ${JSON.stringify(one)}\n\n`;
  });
  return `event: status\ndata: ${JSON.stringify({ ...status, at, routes })}\n\n${ended.join('')}`;
}

/** Every page, with something open on it where something can be. */
const PLACES = ['#/map', '#/map/%2Fgone', '#/stream', '#/heat', '#/try', '#/config'];
