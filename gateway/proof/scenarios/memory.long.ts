import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { chunk, ok, type ScriptedService, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';
import type { Wire } from '../testing/wire.ts';

const mebibyte = 1024 * 1024;
/** The promise is for a gibibyte; what would pile up shows at a quarter of it. `PORTWAY_MEMORY_MIB=1024` moves it all. */
const size = Number(process.env.PORTWAY_MEMORY_MIB ?? 256) * mebibyte;
const piece = Buffer.alloc(mebibyte, 'x');

interface Stage {
  readonly service: ScriptedService;
  readonly gateway: GatewayProcess;
}

/** A pair of ends with a body on its way between them. */
type Opening = (stage: Stage, bytes: number) => Promise<{ writer: Wire; reader: Wire }>;

const download: Opening = async ({ service, gateway }, bytes) => {
  const client = await gateway.connect();
  const connection = await service.reachedBy(client, get('/db/'));
  await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`);
  await client.head();
  return { writer: connection, reader: client };
};

/** Of a length that says at once that it will not be kept. */
const cachedDownload: Opening = async ({ service, gateway }, bytes) => {
  const client = await gateway.connect();
  const connection = await service.reachedBy(client, get('/kept/'));
  await connection.send(`HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: ${bytes}\r\n\r\n`);
  await client.head();
  return { writer: connection, reader: client };
};

const upload: Opening = async ({ service, gateway }, bytes) => {
  const client = await gateway.connect();
  const connection = await service.reachedBy(
    client,
    request('PUT', '/db/', [`Content-Length: ${bytes + 1}`], '-'),
  );
  return { writer: client, reader: connection };
};

const tunnel: Opening = async ({ service, gateway }) => {
  const client = await gateway.connect();
  return { writer: await openTunnel(client, service, '/db/'), reader: client };
};

async function write(writer: Wire, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += piece.length) await writer.send(piece);
}

/** Work of every kind but large: what the engine allocates for itself is there before anything is measured. */
async function warmUp(gateway: GatewayProcess): Promise<void> {
  const client = await gateway.connect();
  for (let turn = 0; turn < 2_000; turn++) await client.exchange(get('/small/'));
  client.destroy();
}

/** Reads everything with a pause after each slice, and says how large the process was at most. */
async function readSlowly(gateway: GatewayProcess, reader: Wire): Promise<number> {
  const slice = 4 * mebibyte;
  let most = 0;
  for (let taken = 0; taken < size; taken += slice) {
    await reader.discard(slice);
    await pause(20);
    most = Math.max(most, await gateway.residentBytes());
  }
  return most;
}

describe.runIf(process.platform === 'linux')('the memory of the gateway', () => {
  test.each([
    ['an answer', download],
    ['an answer on a cached route', cachedDownload],
    ['an upload', upload],
    ['a tunnel', tunnel],
  ])('stays the same under %s of any size to a slow reader', { timeout: 60_000 }, async (_what, opening) => {
    const service = await startService();
    const small = (await startService()).answer(ok());
    const kept = `  /kept: { to: ${service.port}, cache: true }\n`;
    const yaml = `log: { level: warn }\nroutes:\n  /db: ${service.port}\n${kept}  /small: ${small.port}\n`;
    const gateway = await startGatewayProcess(yaml);
    await warmUp(gateway);
    const before = await gateway.residentBytes();
    const { writer, reader } = await opening({ service, gateway }, size);
    const sent = write(writer, size);
    expect((await readSlowly(gateway, reader)) - before).toBeLessThan(32 * mebibyte);
    await sent;
  });

  test('stays the same under one answer of any size to several clients, which is cached until it is too large', {
    timeout: 60_000,
  }, async () => {
    const service = await startService();
    const small = (await startService()).answer(ok());
    const kept = `  /kept: { to: ${service.port}, cache: { maxEntry: 8MiB } }\n`;
    const yaml = `log: { level: warn }\nroutes:\n${kept}  /small: ${small.port}\n`;
    const gateway = await startGatewayProcess(yaml);
    await warmUp(gateway);
    const before = await gateway.residentBytes();
    const clients = await Promise.all(Array.from({ length: 4 }, () => gateway.connect()));
    const connection = await service.reachedBy(clients[0]!, get('/kept/'));
    for (const client of clients.slice(1)) await client.send(get('/kept/'));
    const fields = 'Cache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\nConnection: close';
    await connection.send(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${chunk('x')}`);
    const statuses = [];
    for (const client of clients) statuses.push((await client.head()).value('cache-status'));
    expect(statuses.slice(1)).toEqual(Array(3).fill('portway; fwd=uri-miss; collapsed'));
    const piece = chunk('x'.repeat(mebibyte));
    let most = 0;
    for (let sent = 0; sent < size; sent += mebibyte) {
      await Promise.all([connection.send(piece), ...clients.map((client) => client.discard(piece.length))]);
      most = Math.max(most, await gateway.residentBytes());
    }
    // 8 MiB that might be kept, the lag of each, and what the collector has not seen yet.
    expect(most - before).toBeLessThan(96 * mebibyte);
  });

  test('goes back when slow readers have left, though small requests keep coming', {
    timeout: 60_000,
  }, async () => {
    const service = (await startService()).answer(ok('x'.repeat(4 * mebibyte)));
    const small = (await startService()).answer(ok());
    const yaml = `log: { level: warn }\nroutes:\n  /db: { to: ${service.port}, limits: { connections: 300 } }\n  /small: ${small.port}\n`;
    const gateway = await startGatewayProcess(yaml);
    await warmUp(gateway);
    const before = await gateway.residentBytes();
    const readers = await Promise.all(Array.from({ length: 300 }, () => gateway.connect()));
    // More than the system takes for a client that reads nothing.
    for (const reader of readers) await reader.send(get('/db/').repeat(3));
    let held = 0;
    await until(
      'they hold much',
      async () => {
        held = (await gateway.residentBytes()) - before;
        return held > 24 * mebibyte;
      },
      20_000,
    );
    for (const reader of readers) reader.destroy();
    const client = await gateway.connect();
    const isBack = async () => {
      await client.exchange(get('/small/'));
      return (await gateway.residentBytes()) - before < held / 2;
    };
    await until('most of it is back', isBack, 20_000);
  });
});
