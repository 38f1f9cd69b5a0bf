import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { GatewayError } from '../exchange/error-catalog.ts';
import type { DialAddress } from '../model/config.ts';
import { startDeafPort } from '../proof/testing/deaf-port.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { selfSigned } from '../proof/testing/self-signed.ts';
import { connect } from './connect.ts';

type Outcome = { readonly error: GatewayError | null; readonly socket: Socket | null };

function outcomeOf(address: DialAddress, timeoutMs = 2_000): Promise<Outcome> {
  return new Promise((resolve) => {
    connect(address, timeoutMs, (error, socket) => {
      onTestFinished(() => void socket?.destroy());
      resolve({ error, socket });
    });
  });
}

/** @returns the port; for a path, 0. */
async function listening(
  server: Server,
  where: { port: number; host: string } | { path: string },
): Promise<number> {
  server.listen(where);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

const here = { port: 0, host: '127.0.0.1' };

async function socketPath(): Promise<string> {
  const folder = await temporaryFolder();
  return join(folder, 'app.sock');
}

describe('a connection comes about', () => {
  test('to an address', async () => {
    const { error, socket } = await outcomeOf(localAddress(await listening(createServer(), here)));
    expect([error, socket?.readyState]).toEqual([null, 'open']);
  });

  test('to the next address where nobody listens on the first', async () => {
    const port = await listening(createServer(), here);
    const { socket } = await outcomeOf(localAddress(port, { addresses: ['127.0.0.2', '127.0.0.1'] }));
    expect(socket?.remoteAddress).toBe('127.0.0.1');
  });

  test('to a unix socket', async () => {
    const path = await socketPath();
    await listening(createServer(), { path });
    const { error, socket } = await outcomeOf({ kind: 'unix', key: `unix:${path}`, path });
    expect([error, socket?.readyState]).toEqual([null, 'open']);
  });

  test('that keeps our side open when the other ends its own', async () => {
    const port = await listening(
      createServer((socket) => void socket.end()),
      here,
    );
    const { socket } = await outcomeOf(localAddress(port));
    await once(socket!.resume(), 'end');
    expect(socket?.writable).toBe(true);
  });

  test('to a service that speaks TLS, under a name that its certificate vouches for', async () => {
    const { key, cert } = selfSigned('localhost');
    const authorities = tls.getCACertificates('default');
    tls.setDefaultCACertificates([cert]);
    onTestFinished(() => tls.setDefaultCACertificates(authorities));
    const port = await listening(tls.createServer({ key, cert, ALPNProtocols: ['h2', 'http/1.1'] }), here);
    const { error, socket } = await outcomeOf(localAddress(port, { tls: true }));
    expect([error, (socket as tls.TLSSocket).alpnProtocol]).toEqual([null, 'http/1.1']);
  });
});

describe('no connection comes about', () => {
  test.each<[string, () => Promise<DialAddress>, string]>([
    ['where nobody listens', async () => localAddress(await freePort()), 'connection_refused'],
    [
      'where nobody listens on any of its addresses',
      async () => localAddress(await freePort(), { addresses: ['127.0.0.1', '::1'] }),
      'connection_refused',
    ],
    [
      'where there is no socket',
      async () => ({ kind: 'unix', key: 'unix', path: await socketPath() }),
      'connection_refused',
    ],
    [
      'where no way leads',
      async () => localAddress(9, { addresses: ['255.255.255.255'] }),
      'destination_unroutable',
    ],
  ])('%s', async (_what, address, code) => {
    const { error, socket } = await outcomeOf(await address());
    expect([error?.code, socket]).toEqual([code, null]);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['that speaks plain text', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['that hangs up', (socket) => socket.resetAndDestroy()],
  ])('to a port that should speak TLS, and %s', async (what, act) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => act(socket));
    });
    const { error } = await outcomeOf(localAddress(await listening(server, here), { tls: true }));
    expect(error?.code).toBe(what === 'that hangs up' ? 'connection_refused' : 'tls_error');
  });

  test('with a certificate that nobody vouches for', async () => {
    const port = await listening(tls.createServer(selfSigned('localhost')), here);
    const { error } = await outcomeOf(localAddress(port, { tls: true }));
    expect(error?.code).toBe('certificate_refused');
    expect(error?.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('with a certificate that is trusted, but for another name', async () => {
    const { key, cert } = selfSigned('elsewhere.test');
    const authorities = tls.getCACertificates('default');
    tls.setDefaultCACertificates([cert]);
    onTestFinished(() => tls.setDefaultCACertificates(authorities));
    const port = await listening(tls.createServer({ key, cert }), here);
    const { error } = await outcomeOf(localAddress(port, { tls: true }));
    expect(error).toMatchObject({ code: 'certificate_refused', message: expect.stringContaining('ALTNAME') });
  });
});

describe('an attempt takes no longer than it may', () => {
  test.each<[string, () => Promise<DialAddress>]>([
    ['where packets are swallowed', async () => localAddress(await startDeafPort())],
    [
      'where TLS is never answered',
      async () => localAddress(await listening(createServer(), here), { tls: true }),
    ],
  ])('%s', async (_what, address) => {
    const to = await address();
    const startedAt = performance.now();
    const { error, socket } = await outcomeOf(to, 60);
    expect([error?.code, socket]).toEqual(['connection_timeout', null]);
    // Timers may fire a millisecond early, and only a broken one would wait for the system's own limit of minutes.
    expect(performance.now() - startedAt).toBeGreaterThan(55);
  });
});

describe('an attempt that is given up', () => {
  test('leaves no connection behind, and tells nothing', async () => {
    let told = 0;
    const server = createServer();
    const port = await listening(server, here);
    const accepted = once(server, 'connection');
    connect(localAddress(port), 1_000, () => told++)();
    // It may have reached the service or not; if it has, it ends there.
    const other = await outcomeOf(localAddress(port));
    const [socket] = (await accepted) as [Socket];
    if (socket.remotePort !== other.socket?.localPort)
      await once(socket.on('error', () => {}).resume(), 'close');
    expect(told).toBe(0);
  });

  test('before its time is up is not told of that either', async () => {
    let told = 0;
    const cancel = connect(localAddress(await startDeafPort()), 30, () => told++);
    cancel();
    await outcomeOf(localAddress(await startDeafPort()), 60);
    expect(told).toBe(0);
  });
});
