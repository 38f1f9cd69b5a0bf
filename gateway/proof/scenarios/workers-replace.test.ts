import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { NameServer } from '../testing/dns-server.ts';
import { freePort } from '../testing/free-port.ts';
import { type GatewayProcess, startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { gone, runs } from '../testing/process-facts.ts';
import { connect, get, request } from '../testing/raw-client.ts';
import { chunk, ok, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';
import { SteadyLoad } from './steady-load.ts';

function replace(gateway: GatewayProcess) {
  return gateway.admin('POST', '/workers/replace');
}

test('workers are replaced under load without a failed request', { timeout: 60_000 }, async () => {
  const db = (await startService()).answer(ok('fine'));
  const slow = await startService();
  const chat = await startService();
  const yaml = `workers: 2\nlog: { access: false }\nroutes: { /db: ${db.port}, /slow: ${slow.port}, /chat: ${chat.port} }\n`;
  const gateway = await startGatewayProcess(yaml, { args: ['--drain', '30s'] });
  const before = await gateway.readyWorkers(2);
  const load = new SteadyLoad(gateway, { reused: 8, fresh: 2 });
  const webSocket = await gateway.connect();
  const farEnd = await openTunnel(webSocket, chat, '/chat/');
  const download = await gateway.connect();
  await download.send(get('/slow/'));
  const upstream = await slow.connection();
  await upstream.head();
  await upstream.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('half')}`);
  await download.head();
  await download.chunk();

  // Who asks meanwhile hears how the same replacement ends.
  const answers = await Promise.all([replace(gateway), replace(gateway)]);
  expect(answers).toEqual([1, 2].map(() => ({ status: 200, body: { replaced: 2 } })));
  const answeredByThen = load.answered;
  const serving = (await gateway.workers()).filter(({ state }) => state === 'ready').map(({ pid }) => pid);
  expect(serving.filter((pid) => before.includes(pid))).toEqual([]);
  expect(serving).toHaveLength(2);

  await webSocket.send('ping');
  expect((await farEnd.bytes(4)).toString()).toBe('ping');
  await upstream.send(chunk(' and half') + chunk(''));
  expect((await download.chunk()).toString()).toBe(' and half');
  expect(await download.chunk()).toHaveLength(0);
  await until('new workers answer', () => load.answered > answeredByThen + 100);
  await load.stop();
  expect(load.failures).toEqual([]);
  await webSocket.send('still');
  expect((await farEnd.bytes(5)).toString()).toBe('still');
  webSocket.fin();
  await farEnd.ending();
  farEnd.fin();
  // The workers before them had nothing else to wait for.
  await gone(before, 20_000);
  expect(await gateway.readyWorkers(2)).toEqual(serving);
});

const extension = (word: string) =>
  `export default { preHandler: (request, reply, next) => void reply.send(${JSON.stringify(word)}) };\n`;

test('a replacement runs what is on disk now; what does not come up replaces nothing', {
  timeout: 60_000,
}, async () => {
  const db = await startService();
  const yaml = `workers: 1\nlog: { access: false }\nroutes: { /db: { to: ${db.port}, extend: ./word.js } }\n`;
  const gateway = await startGatewayProcess(yaml, { files: { 'word.js': extension('one') } });
  const module = join(dirname(gateway.configFile), 'word.js');
  const word = async () => (await (await gateway.connect()).exchange(get('/db/'))).text;
  const [first] = await gateway.readyWorkers(1);

  await writeFile(module, extension('two'));
  const idle = await gateway.connect();
  expect((await idle.exchange(get('/db/'))).text).toBe('one');
  gateway.signal('SIGUSR2');
  await gateway.log.find(
    'end of the replacement',
    ({ msg }) => msg === 'all workers have been replaced',
    15_000,
  );
  // It is still the first worker's, may ask it once more, and is told that this was the last time.
  const last = await idle.exchange(get('/db/'));
  expect([last.text, last.head.value('connection')]).toEqual(['one', 'close']);
  expect(await word()).toBe('two');
  const [second] = await gateway.readyWorkers(1);
  expect(second).not.toBe(first);

  await writeFile(module, 'export default { preHandler: 7 };\n');
  const failed = await replace(gateway);
  expect(failed).toMatchObject({
    status: 409,
    body: { replaced: 0, detail: expect.stringMatching(/did not come up.*preHandler must be a function/) },
  });
  await gateway.log.find('failure', ({ problem }) => `${problem}`.includes('preHandler must be a function'));

  await writeFile(gateway.configFile, 'port: nonsense\n');
  const seen = await replace(gateway);
  expect(seen).toMatchObject({ status: 409, body: { replaced: 0, detail: expect.stringContaining('port') } });
  expect(await word()).toBe('two');
  expect(await gateway.readyWorkers(1)).toEqual([second]);
});

test('SIGTERM to one worker replaces it first; what lasts is ended at the deadline', async () => {
  const db = (await startService()).answer(ok('fine'));
  const chat = await startService();
  const yaml = `workers: 1\nlog: { access: false }\nroutes: { /db: ${db.port}, /chat: ${chat.port} }\n`;
  const gateway = await startGatewayProcess(yaml, { args: ['--drain', '1s'] });
  const [before] = (await gateway.readyWorkers(1)) as [number];
  const webSocket = await gateway.connect();
  await openTunnel(webSocket, chat, '/chat/');
  const load = new SteadyLoad(gateway, { reused: 2, fresh: 2 });
  process.kill(before, 'SIGTERM');
  expect(await webSocket.quietEnding(15_000)).toBe('fin');
  await until('it has gone', () => !runs(before));
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(await gateway.readyWorkers(1)).not.toEqual([before]);
  // It takes connections by itself.
  process.kill(gateway.pid, 'SIGSTOP');
  const answer = await (await gateway.connect()).exchange(get('/db/'));
  process.kill(gateway.pid, 'SIGCONT');
  expect(answer.text).toBe('fine');
});

test('a single worker finds a port of a stream taken, and tries it again without harm', async () => {
  const [db, holder] = [(await startService()).answer(ok('fine')), await startService()];
  const yaml = (to: string) => `workers: 1\nroutes: { /db: ${db.port} }\nstreams: { tcp: { ${to} } }\n`;
  const gateway = await startGatewayProcess(yaml(''));
  const serving = await gateway.readyWorkers(1);
  gateway.configure(yaml(`${holder.port}: ${db.port}`));
  await gateway.log.find('what is in the way', ({ msg }) => `${msg}`.includes('the port is taken'));
  await holder.close();
  await gateway.log.find('its end', ({ msg }) => msg === 'the port is open now');
  expect((await (await connect(holder.port)).exchange(get('/'))).text).toBe('fine');
  expect(await gateway.readyWorkers(1)).toEqual(serving);
});

test('what is changed while a worker starts, or as its predecessor ends, it gives no more', async () => {
  const held = Promise.withResolvers<void>();
  const db = (await startService()).answer(async ({ target }) => {
    if (target.endsWith('held')) await held.promise;
    return ok('fine', 'Cache-Control: max-age=60');
  });
  const names = await NameServer.open();
  let streams = '';
  for (let at = 0; at < 10; at++) {
    names.set(`db${at}.test`, ['127.0.0.1']);
    streams += `${await freePort()}: 'db${at}.test:${db.port}', `;
  }
  const yaml = `workers: 1\nlog: { access: false }\nresolver: ${names.address}\nroutes: { /db: { to: ${db.port}, cache: true } }\nstreams: { tcp: { ${streams} } }\n`;
  const gateway = await startGatewayProcess(yaml);
  const [before] = (await gateway.readyWorkers(1)) as [number];
  const [editor, ...others] = await Promise.all([1, 2, 3].map(() => gateway.connect()));
  for (const client of [editor!, ...others]) await client.exchange(get('/db/'));
  // The next one waits two seconds for each name: it takes requests already, and is not ready.
  names.silent = true;
  const replaced = replace(gateway);
  let reader = await gateway.connect();
  await until('the next one has asked', async () => {
    reader.destroy();
    reader = await gateway.connect();
    await reader.exchange(get('/db/'));
    return db.requests.length === 2;
  });
  expect((await gateway.workers()).map(({ state }) => state)).toContain('starting');
  expect((await editor!.exchange(request('DELETE', '/db/'))).status).toBe(200);
  editor!.destroy();
  const last = others.map((client, at) =>
    client.exchange(request('DELETE', ['/db/other?held', '/db/?held'][at]!)),
  );
  await until('both are on their way', () => db.requests.length === 5);
  names.silent = false;
  expect((await replaced).status).toBe(200);
  const asksAgain = (by: number) => async () => {
    await reader.exchange(get('/db/'));
    return db.requests.length === by;
  };
  await until('it has asked again', asksAgain(6));
  held.resolve();
  expect((await Promise.all(last)).map(({ status }) => status)).toEqual([200, 200]);
  await gone([before]);
  await until('it has asked once more', asksAgain(7));
  await names.close();
});

test('without `workers:`, SIGUSR2 says what it needs', async () => {
  const gateway = await startGatewayProcess('routes: {}\n');
  gateway.signal('SIGUSR2');
  await gateway.log.find('hint', ({ msg }) => `${msg}`.includes('set `workers:`'));
  expect((await replace(gateway)).status).toBe(409);
  expect(await gateway.workers()).toEqual([]);
});
