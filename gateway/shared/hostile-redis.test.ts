import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { SharedConfig } from '../model/config.ts';
import type { CountReport } from '../policy/rate-limit/counts.ts';
import { until } from '../proof/testing/poll.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { selfSigned } from '../proof/testing/self-signed.ts';
import { Link } from './link.ts';
import { SharedCounts } from './shared-counts.ts';

const HELLO = '%1\r\n+server\r\n+redis\r\n';
const SUBSCRIBED = '>3\r\n+subscribe\r\n$12\r\nportway:news\r\n:1\r\n';

/** What says that it is a Redis. @param says to what it is sent; nothing: it keeps silent */
async function place(says: (sent: string) => string | undefined, tls: TlsOptions | null = null) {
  const open = new Set<Socket>();
  const take = (socket: Socket) => {
    open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)));
    socket.on('data', (bytes) => socket.write(says(bytes.toString('latin1')) ?? ''));
  };
  const server = tls === null ? createServer(take) : createTlsServer(tls, take);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const config: SharedConfig = {
    ...{ hosts: [{ host: '127.0.0.1', port: (server.address() as AddressInfo).port }], sentinel: null },
    ...{ secure: false, database: 0, username: 'bob', password: 's3cr3t', passwordFile: null, ca: null },
    ...{ prefix: 'portway', timeoutMs: 200 },
  };
  const reasons: string[] = [];
  const linked = (more: Partial<SharedConfig> = {}, beat = async (_: Link) => {}) => {
    const link = new Link({
      config: { ...config, ...more },
      beat,
      up: () => {},
      down: (reason) => reasons.push(reason),
    });
    onTestFinished(() => {
      link.close();
      for (const socket of open) socket.destroy();
      server.close();
    });
    return link;
  };
  return { config, open, reasons, linked };
}

test('a server that repeats what it does not know tells no password', async () => {
  const { reasons, linked } = await place(
    () =>
      "-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'bob' 's3cr3t' \r\n-ERR bob s3cr3t\r\n",
  );
  linked();
  await until('it is away', () => reasons.length > 0);
  expect(reasons.join()).toContain("unknown command 'HELLO'");
  expect(reasons.join()).not.toContain('s3cr3t');
});

test('what keeps silent when it is subscribed to counts as away', async () => {
  const { reasons, linked } = await place((sent) => (sent.includes('HELLO') ? HELLO : undefined));
  linked();
  await until('it is away', () => reasons.includes('no answer within 200 ms'));
});

test('what does not say what it is holds no connection', async () => {
  const { config, open, reasons, linked } = await place((sent) => {
    if (sent.includes('HELLO')) return HELLO;
    const { port } = config.hosts[0]!;
    return sent.includes('SENTINEL')
      ? `*2\r\n$9\r\n127.0.0.1\r\n$${String(port).length}\r\n${port}\r\n`
      : undefined;
  });
  linked({ sentinel: { name: 'main', password: null } });
  await until('it is away three times', () => reasons.length > 2);
  expect(reasons).toContain('no answer within 200 ms');
  expect(open.size).toBeLessThan(3);
});

test('a node of a Redis Cluster is said to be one', async () => {
  const { reasons, linked } = await place((sent) => {
    if (sent.includes('HELLO')) return HELLO;
    return sent.includes('subscribe')
      ? SUBSCRIBED
      : "-CROSSSLOT Keys in request don't hash to the same slot\r\n";
  });
  linked({ timeoutMs: 5_000 }, async (link) => void (await link.run('beat', ['a', 'b'], [])));
  await until('it is away', () => reasons.length > 0);
  expect(reasons[0]).toContain('a node of a Redis Cluster');
});

test('Sentinels are asked by TLS, and so is the master', async () => {
  const asked: string[] = [];
  const tls = selfSigned('localhost');
  const { config, linked } = await place((sent) => {
    asked.push(sent);
    if (sent.includes('HELLO')) return HELLO;
    if (sent.includes('subscribe')) return SUBSCRIBED;
    if (sent.includes('ROLE')) return '*1\r\n$6\r\nmaster\r\n';
    const { port } = config.hosts[0]!;
    return `*2\r\n$9\r\nlocalhost\r\n$${String(port).length}\r\n${port}\r\n`;
  }, tls);
  const folder = await temporaryFolder({ 'ca.crt': tls.cert });
  const link = linked({
    hosts: [{ host: 'localhost', port: config.hosts[0]!.port }],
    ...{ sentinel: { name: 'main', password: null }, secure: true, ca: join(folder, 'ca.crt') },
    // What is late is asked again.
    timeoutMs: 5_000,
  });
  await until('it is up', () => link.isUp);
  expect(asked.filter((sent) => sent.includes('HELLO'))).toHaveLength(2);
});

/** Computed, each of them would hold the loop for minutes: so it does, where this fails. */
test.each([
  ['of the greeting', 'HELLO', ''],
  ['of a subscription', 'subscribe', ''],
  ['in a push', 'subscribe', '>1\r\n'],
  ['in a list', 'PING', '*1\r\n*1\r\n'],
  ['of a map', 'PING', '%1\r\n'],
])('a number of five million digits %s ends the connection unread', async (_where, asked, begin) => {
  const { reasons, linked } = await place((sent) => {
    if (sent.includes(asked)) return `${begin}(${'7'.repeat(5_000_000)}\r\n`;
    return sent.includes('HELLO') ? HELLO : SUBSCRIBED;
  });
  linked({ timeoutMs: 5_000 }, async (link) => void (await link.command(['PING'])));
  await until('it is away', () => reasons.length > 0);
  expect(reasons[0]).toContain('Unknown RESP type');
});

test.each([
  ['*0\r\n'],
  ['*2\r\n+abc\r\n:0\r\n'],
  ['*2\r\n+Infinity\r\n:0\r\n'],
  ['*2\r\n+-5\r\n:0\r\n'],
  ['*2\r\n+0\r\n:1000\r\n'],
  ['_\r\n'],
])('%j is no word on a limit: the replica has it', async (word) => {
  const { linked } = await place((sent) => {
    if (sent.includes('HELLO')) return HELLO;
    return sent.includes('subscribe') ? SUBSCRIBED : word;
  });
  const link = linked();
  await until('it is up', () => link.isUp);
  const counts = new SharedCounts({
    link: () => link,
    prefix: () => 'portway',
    key: () => ({ low: 1, high: 2 }),
    processes: () => 1,
  });
  const report: CountReport = ['ip', 1, 2, 5, 86_400_000, 5, 0, 3];
  for (const granted of [3, 2, 0]) {
    const [[aheadMs, passes]] = (await counts.settle([report])) as [[number, number]];
    expect(passes).toBe(granted);
    expect(aheadMs).toBeGreaterThan(0);
    expect(aheadMs).toBeLessThanOrEqual(86_400_000);
  }
  expect(counts.words).toEqual({ shared: 0, local: 3 });
});
