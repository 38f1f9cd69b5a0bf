import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openDatagrams } from '../testing/datagram.ts';
import { freeDatagramPort, freePort } from '../testing/free-port.ts';
import { configurationFolder, gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { runPortway } from '../testing/portway.ts';
import { connect } from '../testing/raw-client.ts';
import { startService } from '../testing/service.ts';

async function startStream() {
  const service = await startService({ halfOpen: true });
  const port = await freePort();
  const yaml = `routes: { /x: 1 }\nstreams: { tcp: { ${port}: ${service.port} } }\n`;
  const gateway = await startGatewayProcess(yaml);
  const client = await connect(port, { halfOpen: true });
  await client.send('question');
  const connection = await service.connection();
  await connection.until('question');
  return { gateway, port, client, connection };
}

async function refuses(port: number): Promise<boolean> {
  return connect(port).then(
    (client) => {
      client.destroy();
      return false;
    },
    () => true,
  );
}

describe('on SIGTERM', () => {
  test('a connection that is waiting for an answer gets it, a silent one is ended at once', async () => {
    const { gateway, port, client, connection } = await startStream();
    gateway.signal('SIGTERM');
    await until('new connections are refused', () => refuses(port));
    await connection.send('answer, ');
    await connection.send('all of it');
    const { bytes, ending } = await client.rest();
    expect([bytes.toString(), ending]).toEqual(['answer, all of it', 'fin']);
    client.fin();
    expect(await connection.ending()).toBe('fin');
    connection.fin();
    expect(await gateway.exitCode(3_000)).toBe(0);
    const line = await gateway.log.find('the connection', ({ bytesIn }) => bytesIn === 8);
    expect(line).toMatchObject({ route: `tcp ${port}`, code: 'drained', bytesOut: 17 });
  });

  test('what was written still reaches a client that reads slowly', async () => {
    const { gateway, client, connection } = await startStream();
    const size = 2 * 1024 * 1024;
    const sent = connection.send(Buffer.alloc(size));
    await client.discard(size / 2);
    gateway.signal('SIGTERM');
    await client.discard(size / 2 - 1);
    await sent;
    const { bytes, ending } = await client.rest();
    expect([bytes.length, ending]).toEqual([1, 'fin']);
  });

  test('a connection whose answer does not come is reset after ten seconds', async () => {
    const service = await startService({ halfOpen: true });
    const port = await freePort();
    const yaml = `routes: { /x: 1 }\nstreams: { tcp: { ${port}: ${service.port} } }\n`;
    const gateway = await startTestGateway(yaml);
    const client = await connect(port, { halfOpen: true });
    await client.send('question');
    await (await service.connection()).until('question');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const closing = gateway.gateway.close(60_000);
    await until('new connections are refused', () => refuses(port));
    vi.advanceTimersByTime(9_000);
    expect(gatewaySockets().map(({ writableEnded }) => writableEnded)).toEqual([false, false]);
    vi.advanceTimersByTime(1_000);
    expect(await client.ending()).toBe('reset');
    let over = false;
    void closing.finally(() => {
      over = true;
    });
    await until('it waits for neither side', () => {
      vi.advanceTimersByTime(100);
      return over;
    });
    expect(await closing).toBe(true);
  });

  test('a UDP session gets the answer that is under way, and nobody else gets in', async () => {
    const service = await openDatagrams();
    const port = await freeDatagramPort();
    const yaml = `routes: { /x: 1 }\nstreams: { udp: { ${port}: ${service.port} } }\n`;
    const gateway = await startGatewayProcess(yaml);
    const [client, late] = [await openDatagrams(), await openDatagrams()];
    await client.send('question', port);
    const { from } = await service.next();
    gateway.signal('SIGTERM');
    await gateway.log.find('draining', ({ msg }) => msg === 'draining');
    await late.send('too late', port);
    await service.send('answer', from.port);
    expect((await client.next()).text).toBe('answer');
    expect(await gateway.exitCode(3_000)).toBe(0);
    expect(service.received).toHaveLength(1);
    expect(gateway.log.exchanges()[0]).toMatchObject({ route: `udp ${port}`, code: 'drained', bytesOut: 6 });
  });
});

describe('at the start', () => {
  test('a TCP port that is taken is named, with the stream and who holds it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    onTestFinished(() => void holder.close());
    const { port } = holder.address() as { port: number };
    const { code, stderr } = await start(`streams: { tcp: { ${port}: 7001 } }`);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `portway: can't listen on 127.0.0.1:${port} (the stream tcp ${port}): the port is taken by `,
    );
    if (process.platform === 'linux') expect(stderr).toContain(`(pid ${process.pid})`);
    expect(stderr).toContain('End that, or choose another port in gateway.config.yaml.');
  });

  test('a UDP port that is taken is named in the same way', async () => {
    const { port } = await openDatagrams(await freeDatagramPort());
    const { code, stderr } = await start(`streams: { udp: { ${port}: 7001 } }`);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `can't listen on 127.0.0.1:${port} (the stream udp ${port}): the port is taken by `,
    );
    if (process.platform === 'linux') expect(stderr).toContain(`(pid ${process.pid})`);
  });

  test('an address that is not of this machine is named', async () => {
    const { code, stderr } = await start('streams: { tcp: { "192.0.2.1:7000": 7001 } }');
    expect(code).toBe(1);
    expect(stderr).toContain("can't listen on 192.0.2.1:7000 (the stream tcp 192.0.2.1:7000): ");
  });
});

async function start(streams: string) {
  const yaml = `port: ${await freePort()}\nadmin: false\nroutes: { /x: 1 }\n${streams}\n`;
  return runPortway(['start'], { cwd: await configurationFolder(yaml) });
}
