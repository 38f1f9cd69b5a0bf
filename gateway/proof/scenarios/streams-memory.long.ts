import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { connect } from '../testing/raw-client.ts';
import { startService } from '../testing/service.ts';

const mebibyte = 1024 * 1024;
/** As in memory.long.ts: `PORTWAY_MEMORY_MIB=1024` moves it all. */
const size = Number(process.env.PORTWAY_MEMORY_MIB ?? 256) * mebibyte;
const piece = Buffer.alloc(mebibyte, 'x');

describe.runIf(process.platform === 'linux')('the memory of the gateway', () => {
  test.each(['client', 'service'] as const)(
    'stays the same under a raw stream of any size to a %s that reads slowly',
    {
      timeout: 60_000,
    },
    async (slow) => {
      const service = await startService();
      const port = await freePort();
      const yaml = `log: { level: warn }\nroutes: { /x: 1 }\nstreams: { tcp: { ${port}: ${service.port} } }\n`;
      const gateway = await startGatewayProcess(yaml);
      // What the engine allocates for itself is there before anything is measured.
      for (let turn = 0; turn < 500; turn++) {
        const client = await connect(port);
        await (await service.connection()).send('x');
        await client.bytes(1);
        client.destroy();
      }
      const client = await connect(port);
      const connection = await service.connection();
      const [reader, writer] = slow === 'client' ? [client, connection] : [connection, client];
      const before = await gateway.residentBytes();
      const sent = (async () => {
        for (let bytes = 0; bytes < size; bytes += piece.length) await writer.send(piece);
      })();
      let most = 0;
      for (let taken = 0; taken < size; taken += 4 * mebibyte) {
        await reader.discard(4 * mebibyte);
        await pause(20);
        most = Math.max(most, await gateway.residentBytes());
      }
      await sent;
      expect(most - before).toBeLessThan(32 * mebibyte);
    },
  );
});
