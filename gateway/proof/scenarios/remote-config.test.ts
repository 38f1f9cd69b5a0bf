import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { Gateway } from '../../contract.ts';
import { startGateway } from '../../gateway.ts';
import { freePort } from '../testing/free-port.ts';
import { Logbook } from '../testing/logbook.ts';
import { until } from '../testing/poll.ts';
import { runHere } from '../testing/portway.ts';
import { connect, get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';
import { markKitSocket } from '../testing/wire.ts';

/** Serves a configuration by HTTP. */
class ConfigServer {
  readonly url: string;
  text: string;
  status = 200;
  readonly asked: IncomingMessage[] = [];
  readonly #server;
  readonly #port: number;

  constructor(port: number, text: string) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}/gateway.yaml`;
    this.text = text;
    this.#server = createServer((request, response) => {
      this.asked.push(request);
      const etag = `"${this.text.length}-${this.text.slice(0, 40).replace(/[^a-z0-9]/gi, '')}"`;
      if (this.status !== 200) response.writeHead(this.status).end();
      else if (request.headers['if-none-match'] === etag) response.writeHead(304, { ETag: etag }).end();
      else response.writeHead(200, { ETag: etag }).end(this.text);
    });
    this.#server.on('connection', markKitSocket);
  }

  open(): Promise<void> {
    return new Promise((listening) => this.#server.listen(this.#port, '127.0.0.1', listening));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

async function place(text: string): Promise<ConfigServer> {
  const one = new ConfigServer(await freePort(), text);
  await one.open();
  onTestFinished(() => one.close());
  return one;
}

async function stateFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portway-state-'));
  // A copy may be on its way into it.
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

async function started(
  configFile: string,
  state: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ gateway: Gateway; log: Logbook; text: (path: string) => Promise<string> }> {
  const log = new Logbook();
  const gateway = await startGateway({
    configFile,
    env: { STATE_DIRECTORY: state, ...env },
    mode: 'production',
    log: pino({ level: 'info' }, log),
    listen: { port: await freePort(), adminPort: false },
  });
  onTestFinished(async () => void (await gateway.close(0)));
  const text = async (path: string) => {
    const client = await connect(gateway.address.port);
    const answer = await client.exchange(get(path));
    client.destroy();
    return answer.status === 200 ? answer.text : String(answer.status);
  };
  return { gateway, log, text };
}

const service = async (text: string) => (await startService()).answer(ok(text)).port;

test('it is fetched, asked for news with its ETag, and taken over when it changes', {
  timeout: 30_000,
}, async () => {
  const [one, two] = [await service('one'), await service('two')];
  const source = await place(`routes:\n  /a: ${one}\n`);
  const { gateway, text } = await started(source.url, await stateFolder());
  expect(await text('/a')).toBe('one');
  await gateway.reload();
  source.text = `# other\nroutes:\n  /a: ${two}\n`;
  await until('the second answers', async () => (await text('/a')) === 'two');
  const seen = source.asked.length;
  await until('it is asked again', () => source.asked.length > seen);
  expect(source.asked.at(-1)!.headers['if-none-match']).toMatch(/^"/);
  expect(gateway.configStatus().file).toBe(source.url);
});

test('with a key, only what it has signed is taken over', async () => {
  const [ours, theirs] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const signed = (text: string, { privateKey } = ours) =>
    `${text}# signature: ${sign(null, Buffer.from(text), privateKey).toString('base64')}\n`;
  const [one, two] = [await service('one'), await service('two')];
  const [first, next] = [`routes:\n  /a: ${one}\n`, `routes:\n  /a: ${two}\n`];
  const state = await stateFolder();
  const key = join(state, 'key.pem');
  await writeFile(key, ours.publicKey.export({ type: 'spki', format: 'pem' }));
  const source = await place(signed(first));
  const { gateway, text } = await started(source.url, state, { PORTWAY_CONFIG_KEY: key });
  expect(await text('/a')).toBe('one');
  const changed = signed(first).replace(String(one), String(two));
  const wrongs = [next, changed, signed(next, theirs), `${signed(next)}port: 1\n`, `${next}# signature: \n`];
  for (const wrong of wrongs) {
    source.text = wrong;
    expect((await gateway.reload()).rejected, wrong).toContain('PORTWAY_CONFIG_KEY vouches for');
    expect(await text('/a')).toBe('one');
  }
  source.text = signed(next);
  expect((await gateway.reload()).rejected).toBe(null);
  expect(await text('/a')).toBe('two');
});

test('what is wrong there, or nothing at all, changes nothing', async () => {
  const source = await place(`routes:\n  /a: ${await service('one')}\n`);
  const { gateway, text } = await started(source.url, await stateFolder());
  source.text = 'routes:\n  /a: 3OO1\n';
  expect((await gateway.reload()).rejected).toMatch(/gateway\.yaml:2:7 .*3OO1/);
  source.status = 503;
  expect((await gateway.reload()).rejected).toMatch(
    /expected a configuration that can be fetched, got the answer 503/,
  );
  expect(await text('/a')).toBe('one');
});

test('a start where it can not be asked serves what served last', async () => {
  const state = await stateFolder();
  const source = await place(`routes:\n  /a: ${await service('one')}\n`);
  const { gateway } = await started(source.url, state);
  await until('it is kept', async () => (await readdir(state)).some((name) => name.endsWith('.yaml')));
  const name = (await readdir(state)).find((name) => name.endsWith('.yaml'));
  expect((await stat(join(state, name!))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(state, name!), 'utf8')).toBe(source.text);
  await gateway.close(0);
  await source.close();
  const again = await started(source.url, state);
  expect(await again.text('/a')).toBe('one');
  expect(JSON.stringify(again.log.records)).toContain('what served last is served again');
  await source.open();
});

test('a start without any copy is refused, and says why', async () => {
  const source = await place('');
  source.status = 404;
  await expect(started(source.url, await stateFolder())).rejects.toThrow(/got the answer 404/);
});

test.each([
  ['http://config.example.com/a.yaml', /a place that is asked without TLS.*\n.*use https/],
  ['https://', /got (?:no URL|no file)/],
])('%s is refused', async (url, told) => {
  const { code, stdout, stderr } = await runHere(['check', url], {});
  expect(code).toBe(1);
  expect(stdout + stderr).toMatch(told);
});

test('a password in the URL goes to the server, and nowhere else', async () => {
  const source = await place('routes:\n  /a: 3OO1\n');
  const url = source.url.replace('http://', 'http://reader:s3cret@');
  const { stdout, stderr } = await runHere(['check', url], {});
  expect(source.asked[0]!.headers.authorization).toBe(
    `Basic ${Buffer.from('reader:s3cret').toString('base64')}`,
  );
  expect(stdout + stderr).toContain('gateway.yaml:2:7');
  expect(stdout + stderr).not.toContain('s3cret');
});

test.each([
  'https:///reader:s3cret@127.0.0.1:1/a.yaml',
  'https://reader:s3/cret@127.0.0.1/a.yaml',
  'https:\\\\reader:s3cret@127.0.0.1',
  'HTTPS:/reader:s3cret@127.0.0.1/a.yaml',
])('a password in %s, which is spelled oddly, is not shown either', async (url) => {
  const { code, stdout, stderr } = await runHere(['check', url], {});
  expect(code).toBe(1);
  expect(stdout + stderr).toContain('127.0.0.1');
  expect(stdout + stderr).not.toMatch(/s3|cret/);
  expect(stdout + stderr).not.toContain('file of that name');
});

test('a redirect is followed, but not to where the text could be changed on its way', async () => {
  const source = await place('routes:\n  /a: 3OO1\n');
  const check = async (to: string) => {
    const { port } = (await startService()).answer(
      `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
    );
    const { stdout, stderr } = await runHere(['check', `http://reader:s3cret@127.0.0.1:${port}/a`], {});
    return stdout + stderr;
  };
  expect(await check(source.url)).toContain(':2:7');
  expect(source.asked[0]!.headers.authorization).toBeUndefined();
  expect(await check(source.url.replace('127.0.0.1', '127.0.0.2'))).toContain(
    'got a redirect to a place that is asked without TLS',
  );
  expect(await check('/a')).toContain('got more than 5 redirects');
});

test('a text without end is too large, not too much', async () => {
  const source = await place(`# ${'x'.repeat(5 * 1024 * 1024)}\nroutes: {}\n`);
  const { stdout, stderr } = await runHere(['check', source.url], {});
  expect(stdout + stderr).toContain('more than 4 MiB');
});
