import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PortTruths } from '../../dev/port-truth.ts';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { selfSigned } from '../testing/self-signed.ts';

/** The port on which it listens. */
async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

async function stage(to: string, mode: 'development' | 'production' = 'development') {
  const truths = new PortTruths();
  const asked: string[] = [];
  const gateway = await startTestGateway(`routes:\n  /api: ${to}\n`, {
    mode,
    ...(mode === 'development' && {
      examine: (address, refused) => {
        asked.push(address.key);
        return truths.of(address, refused);
      },
    }),
  });
  const answer = await gateway.get('/api/x', 'Accept: application/json');
  const page = await gateway.get('/api/x', 'Accept: text/html');
  const [line] = gateway.log.records.filter(({ cause }) => cause !== undefined);
  return { answer, page: page.body.toString(), said: JSON.parse(answer.body.toString()), line, asked };
}

describe('a port that does not answer as it should', () => {
  test('where nothing listens', async () => {
    const port = await freePort();
    const { answer, said } = await stage(String(port));
    expect(answer.status).toBe(502);
    expect(said.happened).toEqual([`Nothing listens on ${port}.`]);
  });

  test('where something listens on the other loopback address only', async () => {
    const port = await listening(createServer(), '::1');
    const { said, page, line } = await stage(`127.0.0.1:${port}`);
    const truth = `Nothing listens on 127.0.0.1:${port}; something listens on [::1]:${port} only.`;
    expect(said.happened).toEqual([truth]);
    expect(said.fix[0]).toBe(`Write \`${port}\` alone: both addresses are tried.`);
    expect(page).toContain(`something listens on [::1]:${port} only`);
    expect(String(line?.cause)).toContain(truth);
  });

  test('where another program speaks TLS', async () => {
    const { key, cert } = selfSigned('localhost');
    const port = await listening(createTlsServer({ key, cert }));
    const { said } = await stage(String(port));
    expect(said.happened[0]).toBe(`${port} speaks TLS.`);
    expect(said.happened[1]).toMatch(new RegExp(`^The port ${port} is held by .*\\(pid ${process.pid}\\)`));
    expect(said.fix[0]).toContain('https://');
  });

  test('where another program does not speak HTTP', async () => {
    const port = await listening(
      createServer((socket) => void socket.on('error', () => {}).end('220 mail ready\r\n')),
    );
    const { said, page } = await stage(String(port));
    expect(said.happened[0]).toBe(`${port} takes connections, but does not speak HTTP.`);
    expect(said.happened[1]).toContain(`(pid ${process.pid})`);
    expect(page).toContain('does not speak HTTP');
  });

  test('where it takes its time, nothing is said of what it speaks', async () => {
    const port = await listening(createServer((socket) => void socket.on('error', () => {}).resume()));
    const { answer, said } = await stage(`{ to: ${port}, timeouts: { response: 200ms } }`);
    expect(answer.status).toBe(504);
    expect(said.happened[0]).toContain(`The port ${port} is held by`);
    expect(said.happened.join()).not.toContain('does not speak HTTP');
  });

  test('is not looked at in production', async () => {
    const port = await listening(createServer(), '::1');
    const { said, asked, answer } = await stage(`127.0.0.1:${port}`, 'production');
    expect(asked).toEqual([]);
    expect(said.happened).toBeUndefined();
    expect(answer.body.toString()).not.toContain(String(port));
  });
});

test('what fails together is looked at once, and not more than eight ports at a time', async () => {
  const truths = new PortTruths();
  const at = (port: number) =>
    ({
      kind: 'tcp',
      key: `127.0.0.1:${port}`,
      host: '127.0.0.1',
      port,
      addresses: null,
      tls: false,
    }) as never;
  expect(truths.of(at(1), true)).toBe(truths.of(at(1), true));
  const asked = Array.from({ length: 12 }, (_, port) => truths.of(at(port + 2), true));
  expect((await Promise.all(asked)).filter((truth) => truth === null)).toHaveLength(5);
});
