import { readdir, readFile } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';
import { markKitSocket } from '../testing/wire.ts';

const openFiles = 96;
const linux = process.platform === 'linux';

async function openDescriptors({ child }: GatewayProcess): Promise<number> {
  return (await readdir(`/proc/${child.pid}/fd`)).length;
}

/** User and system time so far, in hundredths of a second. */
async function ticks({ child }: GatewayProcess): Promise<number> {
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Connections that say nothing; the system may close them again. */
function flood(port: number, count: number): { readonly sockets: readonly Socket[]; end(): void } {
  const sockets = Array.from({ length: count }, () =>
    markKitSocket(connectSocket(port, '127.0.0.1').on('error', () => {})),
  );
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(end);
  return { sockets, end };
}

// What a limit is and what a process holds is read from /proc.
test.runIf(linux)(
  'a flood that takes every descriptor ends nothing: who is connected is answered, and so is everybody afterwards',
  async () => {
    const service = (await startService()).answer(ok('served'));
    const gateway = await startGatewayProcess(`routes:\n  /db: ${service.port}\n`, { openFiles });
    await gateway.log.find(
      'warning',
      ({ msg, openFiles: limit }) => limit === openFiles && String(msg).includes('maxConnections'),
    );
    const before = await openDescriptors(gateway);
    const client = await gateway.connect();
    expect((await client.exchange(get('/db/'))).text).toBe('served');

    const clients = flood(gateway.port, 300);
    await gateway.log.find('line of it', ({ msg }) => String(msg).startsWith('too many open files'));
    await until('all of them are settled', () => clients.sockets.every((socket) => !socket.connecting));
    expect(await openDescriptors(gateway)).toBeGreaterThan(openFiles - 8);
    const used = await ticks(gateway);
    for (let i = 0; i < 5; i++) {
      expect((await client.exchange(get('/db/'))).text).toBe('served');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Half a second passed. A listener that spins would have used all of it.
    expect((await ticks(gateway)) - used).toBeLessThan(30);

    clients.end();
    await until('its descriptors are free again', async () => (await openDescriptors(gateway)) < before + 8);
    const fresh = await gateway.connect();
    expect((await fresh.exchange(get('/db/'))).text).toBe('served');
    expect((await client.exchange(get('/db/'))).text).toBe('served');
  },
);

test.runIf(linux)(
  'without a descriptor for the service: 503 that says so in the log, at once and not for each request',
  async () => {
    const service = (await startService()).answer(ok('served'));
    const gateway = await startGatewayProcess(`maxConnections: 16\nroutes:\n  /db: ${service.port}\n`, {
      openFiles,
    });
    const clients = await Promise.all(Array.from({ length: 12 }, () => gateway.connect()));
    // What the process opens for a moment, such as its configuration, leaves a gap.
    const clutter = [flood(gateway.adminPort, openFiles)];
    await until('none is left', async () => {
      if ((await openDescriptors(gateway)) >= openFiles) return true;
      clutter.push(flood(gateway.adminPort, 2));
      return false;
    });
    for (const client of clients) {
      const answer = await client.exchange(get('/db/'));
      expect(answer.status).toBe(503);
      expect(answer.head.value('retry-after')).toBe('1');
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'out_of_descriptors' });
      expect(answer.text).not.toMatch(/EMFILE|127\.0\.0\.1/);
    }
    expect((await gateway.log.exchange(503)).cause).toContain('EMFILE');
    const lines = gateway.log.records.filter(({ msg }) => String(msg).startsWith('too many open files'));
    expect(lines).toHaveLength(1);
    for (const each of clutter) each.end();
    await until('it serves again', async () => (await clients[0]!.exchange(get('/db/'))).status === 200);
  },
);
