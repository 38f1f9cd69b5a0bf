import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freeDatagramPort, freePort } from '../testing/free-port.ts';
import { type GatewayProcess, startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { findPrograms, RealServer, runClient } from '../testing/real-server.ts';

/** Clients and servers that nobody here wrote, joined by raw streams. */

const redis = findPrograms('redis-server', 'redis-cli', 'redis-benchmark');
const postgres = findPrograms('initdb', 'postgres', 'psql', 'pgbench');
const dns = findPrograms('dnsmasq', 'dig');
for (const { missing } of [redis, postgres, dns]) {
  if (missing !== '') console.warn(`real clients: not installed, so their tests skip: ${missing}`);
}

/** Starts a server before the tests of a group, and ends it behind them. */
function server(start: () => Promise<RealServer>): () => RealServer {
  let running: RealServer | null = null;
  beforeAll(async () => {
    running = await start();
  }, 60_000);
  afterAll(() => running?.stop());
  return () => running as RealServer;
}

interface Stage {
  readonly gateway: GatewayProcess;
  /** Where its streams listen. */
  readonly port: number;
  /** Saves the file with another route, and waits until the gateway serves by it. */
  change(): Promise<void>;
}

/** The real gateway process with a stream to that port, over TCP and over UDP. */
async function startStage(to: number): Promise<Stage> {
  const port = await freeDatagramPort();
  const streams = `streams: { tcp: { ${port}: ${to} }, udp: { ${port}: ${to} } }\n`;
  const gateway = await startGatewayProcess(`routes: { /x: 1 }\n${streams}`);
  let changes = 0;
  const change = async () => {
    changes++;
    const own = `port: ${gateway.port}\nadmin: ${gateway.adminPort}\n`;
    await writeFile(gateway.configFile, `${own}routes: { /x${changes}: 1 }\n${streams}`);
    const isReload = ({ msg }: { readonly msg?: unknown }) => msg === 'configuration reloaded';
    await until('it has reloaded', () => gateway.log.records.filter(isReload).length === changes);
  };
  return { gateway, port, change };
}

/** A client that stays: what it writes can be waited for, while it runs. */
async function linger(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const processes = new Processes();
  onTestFinished(() => processes.killAll());
  const client = await processes.start([program, ...args], { env, input: null });
  const says = (what: string) =>
    until(`it says ${what}`, () => (client.stdout + client.stderr).includes(what), 15_000).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it said:\n${client.log.text()}`);
      },
    );
  return { child: client.child, says, ended: client.ended };
}

describe.skipIf(redis.missing !== '')('Redis', { timeout: 60_000 }, () => {
  const real = server(() => RealServer.redis());
  const at = (port: number) => ['-h', '127.0.0.1', '-p', String(port)];
  const cli = (port: number, args: readonly string[], input = '') =>
    runClient(redis.paths['redis-cli'], [...at(port), ...args], { input });

  test('answers redis-cli', async () => {
    const { port } = await startStage(real().port);
    expect(await cli(port, ['SET', 'key', 'wert äöü'])).toBe('OK\n');
    expect(await cli(port, ['GET', 'key'])).toBe('wert äöü\n');
    expect(await cli(port, ['PING'])).toBe('PONG\n');
  });

  test('takes and gives a value of 16 MiB', async () => {
    const { port } = await startStage(real().port);
    const value = 'x'.repeat(16 * 1024 * 1024);
    expect(await cli(port, ['-x', 'SET', 'large'], value)).toBe('OK\n');
    expect(await cli(port, ['GET', 'large'])).toBe(`${value}\n`);
  });

  test('takes 50,000 commands in one pipe', async () => {
    const { port } = await startStage(real().port);
    const commands = Array.from({ length: 50_000 }, (_, key) => `SET pipe:${key} ${key}\r\n`).join('');
    expect(await cli(port, ['--pipe'], commands)).toContain('errors: 0, replies: 50000');
    expect(await cli(port, ['GET', 'pipe:49999'])).toBe('49999\n');
  });

  test('stands redis-benchmark, on 50 connections, one command at a time and 16 at once', async () => {
    const { gateway, port } = await startStage(real().port);
    for (const depth of ['1', '16']) {
      const args = [
        ...at(port),
        '-q',
        '-t',
        'ping,set,get,lrange_100',
        '-n',
        '10000',
        '-c',
        '50',
        '-P',
        depth,
      ];
      const report = await runClient(redis.paths['redis-benchmark'], args);
      expect(report.match(/requests per second/g)).toHaveLength(6);
    }
    expect(gateway.log.exchanges().filter(({ code }) => code !== undefined)).toEqual([]);
  });

  test('keeps a subscriber over reloads of other routes', async () => {
    const { port, change } = await startStage(real().port);
    const subscriber = await linger(redis.paths['redis-cli'], [...at(port), 'SUBSCRIBE', 'news']);
    await subscriber.says('subscribe');
    for (let turn = 0; turn < 3; turn++) {
      await change();
      expect(await cli(port, ['PUBLISH', 'news', `after change ${turn}`])).toBe('1\n');
      await subscriber.says(`after change ${turn}`);
    }
  });
});

describe.skipIf(postgres.missing !== '')('PostgreSQL', { timeout: 60_000 }, () => {
  const real = server(() => RealServer.postgres());
  const env = { PGUSER: 'portway', PGDATABASE: 'postgres', PGHOST: '127.0.0.1', PGCONNECT_TIMEOUT: '10' };
  const psql = (port: number, sql: string, input = '') =>
    runClient(postgres.paths.psql, ['-p', String(port), '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', sql], {
      input,
      env,
    });

  /** Whoever takes the lock of this number waits until it is let go. */
  async function holdBack(): Promise<() => Promise<void>> {
    const holder = await linger(postgres.paths.psql, ['-p', String(real().port), '-XAtq'], env);
    holder.child.stdin!.write("SELECT 'held', pg_advisory_lock(7);\n");
    await holder.says('held');
    return async () => {
      holder.child.stdin!.end();
      await holder.ended;
    };
  }
  async function heldBack(): Promise<void> {
    const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'";
    await until('it waits', async () => (await psql(real().port, waiting)) === '1\n', 15_000);
  }

  test('answers psql', async () => {
    const { port } = await startStage(real().port);
    expect(await psql(port, 'SELECT 6 * 7')).toBe('42\n');
    expect(await psql(port, "SELECT inet_server_port() <> current_setting('port')::int")).toBe('f\n');
  });

  test('takes and gives 100,000 rows by COPY', async () => {
    const { port } = await startStage(real().port);
    await psql(port, 'CREATE TABLE rows (id int PRIMARY KEY, word text)');
    const rows = Array.from({ length: 100_000 }, (_, id) => `${id}\tword ${id}\n`).join('');
    await psql(port, 'COPY rows FROM STDIN', rows);
    expect(await psql(port, 'COPY (SELECT * FROM rows ORDER BY id) TO STDOUT')).toBe(rows);
  });

  test('can be told by a second connection to give a query up, as Ctrl-C does', async () => {
    const { port } = await startStage(real().port);
    const client = await linger(
      postgres.paths.psql,
      ['-p', String(port), '-X', '-c', 'SELECT pg_sleep(600)'],
      env,
    );
    const sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(6%'";
    await until('it runs', async () => (await psql(port, sleeping)) === '1\n', 15_000);
    client.child.kill('SIGINT');
    await client.says('canceling statement due to user request');
    await client.ended;
  });

  test('stands pgbench, and loses no transaction while other routes change', async () => {
    const { gateway, port, change } = await startStage(real().port);
    const at = ['-p', String(port)];
    await runClient(postgres.paths.pgbench, [...at, '-i', '-s', '1', '-q'], { env });
    const args = [...at, '-c', '8', '-j', '2', '-t', '500', '--no-vacuum'];
    const running = runClient(postgres.paths.pgbench, args, { env });
    for (let turn = 0; turn < 5; turn++) await change();
    const report = await running;
    expect(report).toContain('number of transactions actually processed: 4000/4000');
    expect(report).toMatch(/number of failed transactions: 0 /);
    expect(await psql(port, 'SELECT count(*) FROM pgbench_history')).toBe('4000\n');
    expect(gateway.log.exchanges().filter(({ code }) => code !== undefined)).toEqual([]);
  });

  test('a transaction that is under way when the gateway is stopped is finished', async () => {
    const { gateway, port } = await startStage(real().port);
    await psql(port, 'CREATE TABLE IF NOT EXISTS kept (at timestamptz)');
    const letGo = await holdBack();
    const slow = psql(port, 'INSERT INTO kept SELECT now() FROM pg_advisory_lock(7)');
    await heldBack();
    gateway.signal('SIGTERM');
    await gateway.log.find('draining', ({ msg }) => msg === 'draining');
    await letGo();
    await slow;
    expect(await gateway.exitCode()).toBe(0);
    expect(await psql(real().port, 'SELECT count(*) FROM kept')).toBe('1\n');
  });

  test('with clients that a reload to another port leaves alone', async () => {
    const { port, gateway } = await startStage(real().port);
    const letGo = await holdBack();
    const listener = await linger(
      postgres.paths.psql,
      ['-p', String(port), '-X', '-c', 'SELECT pg_advisory_lock(7)', '-c', "SELECT 'still ' || 'here'"],
      env,
    );
    await heldBack();
    const own = `port: ${gateway.port}\nadmin: ${gateway.adminPort}\n`;
    await writeFile(
      gateway.configFile,
      `${own}routes: { /x: 1 }\nstreams: { tcp: { ${port}: ${await freePort()} } }\n`,
    );
    await gateway.log.find('the reload', ({ msg }) => msg === 'configuration reloaded');
    await letGo();
    await listener.says('still here');
  });
});

describe.skipIf(dns.missing !== '')('dnsmasq', { timeout: 60_000 }, () => {
  const real = server(() => RealServer.dnsmasq());
  const dig = (port: number, ...args: string[]) =>
    runClient(dns.paths.dig, ['@127.0.0.1', '-p', String(port), '+time=2', '+tries=3', ...args]);

  test('answers dig over UDP and over TCP', async () => {
    const { gateway, port } = await startStage(real().port);
    expect(await dig(port, '+short', 'www.portway.test')).toBe('192.0.2.7\n');
    expect(await dig(port, '+short', '+tcp', 'www.portway.test')).toBe('192.0.2.7\n');
    expect(await dig(port, 'www.portway.test')).toContain(`SERVER: 127.0.0.1#${port}(127.0.0.1) (UDP)`);
    // What is low here, as the limit of open files may be, is said before it listens.
    const listening = gateway.log.records.findIndex(({ msg }) => msg === 'listening');
    expect(gateway.log.records.slice(listening).filter(({ level }) => level === 'warn')).toEqual([]);
  });

  test('sends dig to TCP with an answer that no datagram holds', async () => {
    const { port } = await startStage(real().port);
    const answer = await dig(port, '+bufsize=512', 'long.portway.test', 'TXT');
    expect(answer).toContain('Truncated, retrying in TCP mode');
    expect(answer).toContain('5'.repeat(200));
    expect(answer).toContain('(TCP)');
  });

  test('answers 200 questions at once, and goes on while other routes change', async () => {
    const { port, change } = await startStage(real().port);
    const names = Array.from({ length: 10 }, (_, name) => `n${name}.portway.test`);
    const asking = Promise.all(
      // dig shares its port (SO_REUSEPORT): two of one address that chance on the same port get each other's answers.
      Array.from({ length: 20 }, (_, at) =>
        dig(port, '-b', `127.0.0.${at + 2}`, ...names.flatMap((name) => ['+short', name])),
      ),
    );
    for (let turn = 0; turn < 3; turn++) await change();
    expect(await asking).toEqual(Array(20).fill('192.0.2.7\n'.repeat(10)));
  });
});
