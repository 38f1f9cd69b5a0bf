import { randomBytes } from 'node:crypto';
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { readToEnd } from '../kit/testing/raw-http.ts';
import { type ServiceProcess, spawnService, startService } from '../kit/testing/service-process.ts';

const running: ServiceProcess[] = [];
const sockets: Datagrams[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.end('SIGKILL');
  for (const socket of sockets.splice(0)) socket.close();
});

async function startEcho(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const service = await startService('echo', { env });
  running.push(service);
  return service;
}

async function bindDatagrams(): Promise<Datagrams> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

describe('TCP', () => {
  it('brings every byte back in its order, and then the end', async () => {
    const echo = await startEcho();
    const bytes = randomBytes(3_000_000);
    const socket = connect({ port: echo.port, host: '127.0.0.1', allowHalfOpen: true });
    const answer = readToEnd(socket);
    socket.end(bytes);
    expect((await answer).equals(bytes)).toBe(true);
    expect(await echo.logged('connection closed')).toMatchObject({ bytes: 3_000_000 });
  });

  it('does not read faster than its answers are read', async () => {
    const echo = await startEcho();
    const socket = connect(echo.port, '127.0.0.1');
    const chunk = Buffer.alloc(1024 * 1024);
    let sent = 0;
    // Nothing of the answers is read: sooner or later every buffer between here and there is full.
    while (socket.write(chunk) || (await drained(socket))) sent += chunk.length;
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
  });

  it('ends a connection that is silent', async () => {
    const echo = await startEcho({ ECHO_IDLE_MS: '100' });
    const socket = connect(echo.port, '127.0.0.1');
    await readToEnd(socket).catch(() => undefined);
    expect(await echo.logged('connection closed')).toMatchObject({ failure: 'silent for 100 ms' });
  });

  it('takes no more connections than it may', async () => {
    const echo = await startEcho({ ECHO_MAX_CONNECTIONS: '1' });
    const first = connect(echo.port, '127.0.0.1');
    first.write('a');
    await once(first, 'data');
    const second = connect(echo.port, '127.0.0.1');
    expect((await readToEnd(second).catch(() => Buffer.alloc(0))).length).toBe(0);
    first.write('b');
    expect(String((await once(first, 'data'))[0])).toBe('b');
    first.destroy();
  });

  it('lives on when a client resets its connection', async () => {
    const echo = await startEcho();
    const rude = connect(echo.port, '127.0.0.1');
    rude.write('x'.repeat(100_000));
    await once(rude, 'data');
    rude.resetAndDestroy();
    await echo.logged('connection closed');
    const socket = connect(echo.port, '127.0.0.1');
    socket.end('still here');
    expect(String(await readToEnd(socket))).toBe('still here');
  });
});

describe('UDP', () => {
  it.each([
    ['of text', 'hello'],
    ['of nothing', ''],
    ['of 60,000 bytes', 'x'.repeat(60_000)],
  ])('brings a datagram %s back', async (_name, content) => {
    const echo = await startEcho();
    const socket = await bindDatagrams();
    const answer = once(socket, 'message');
    socket.send(content, echo.port, '127.0.0.1');
    expect(String((await answer)[0])).toBe(content);
  });
});

describe('one process for both', () => {
  it('drains: ends its connections, and exits 0', async () => {
    const echo = await startEcho();
    const socket = connect(echo.port, '127.0.0.1');
    socket.write('last');
    await once(socket, 'data');
    const end = readToEnd(socket);
    expect(await echo.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect((await end).length).toBe(0);
  });

  it('says which port is taken, for TCP and for UDP', async () => {
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const udp = await bindDatagrams();
    for (const port of [(tcp.address() as { port: number }).port, udp.address().port]) {
      const child = spawnService('echo', { env: { PORT: String(port) } });
      const [line, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
      expect(line).toContain(`port ${port} on 127.0.0.1 is taken`);
      expect(code).toBe(1);
    }
    tcp.close();
  });
});

/** Whether the socket takes more, decided when it says so or when nothing has moved for a while. */
async function drained(socket: ReturnType<typeof connect>): Promise<boolean> {
  const patience = AbortSignal.timeout(1000);
  return once(socket, 'drain', { signal: patience }).then(
    () => true,
    () => false,
  );
}
