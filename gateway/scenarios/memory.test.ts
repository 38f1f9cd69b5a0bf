import { describe, expect, test } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { type ScriptedService, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';
import type { Wire } from '../testing/wire.ts';

const mebibyte = 1024 * 1024;
/** The promise is for a gibibyte; what would pile up shows at a quarter of it. `PORTWAY_MEMORY_MIB=1024` moves the whole. */
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
  await client.send(get('/db/'));
  const connection = await service.connection();
  await connection.head();
  await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`);
  await client.head();
  return { writer: connection, reader: client };
};

const upload: Opening = async ({ service, gateway }, bytes) => {
  const client = await gateway.connect();
  await client.send(request('PUT', '/db/', [`Content-Length: ${bytes + 1}`], '-'));
  const connection = await service.connection();
  await connection.head();
  return { writer: client, reader: connection };
};

const tunnel: Opening = async ({ service, gateway }) => {
  const client = await gateway.connect();
  return { writer: await openTunnel(client, service, '/db/'), reader: client };
};

async function write(writer: Wire, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += piece.length) await writer.send(piece);
}

/** Lets the reader be slow until the writer is held back, or everything is gone into somebody's memory. */
async function stalled(writer: Wire): Promise<void> {
  let before = -1;
  await until(
    'the writer is held back',
    async () => {
      const now = writer.socket.bytesWritten - writer.socket.writableLength;
      const still = now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 150));
      return still;
    },
    10_000,
  );
}

describe.runIf(process.platform === 'linux')('the memory of the gateway', () => {
  test.each([
    ['an answer', download],
    ['an upload', upload],
    ['a tunnel', tunnel],
  ])('stays the same under %s of any size to a slow reader', { timeout: 60_000 }, async (_what, opening) => {
    const service = await startService();
    const gateway = await startGatewayProcess(`log: { level: warn }\nroutes:\n  /db: ${service.port}\n`);
    const stage = { service, gateway };
    // The engine's own heap grows with the first work that it does, whatever that is.
    const warm = await opening(stage, 64 * mebibyte);
    await Promise.all([write(warm.writer, 64 * mebibyte), warm.reader.discard(64 * mebibyte)]);
    warm.writer.destroy();
    warm.reader.destroy();
    const before = await gateway.residentBytes();
    const { writer, reader } = await opening(stage, size);
    const sent = write(writer, size);
    await reader.discard(mebibyte);
    await stalled(writer);
    expect((await gateway.residentBytes()) - before).toBeLessThan(32 * mebibyte);
    await reader.discard(size - mebibyte);
    await sent;
    expect((await gateway.residentBytes()) - before).toBeLessThan(32 * mebibyte);
  });
});
