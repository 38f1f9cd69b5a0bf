import { connect as connectSocket, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { sleeps } from '../testing/process-facts.ts';
import { get, type RawClient } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';
import { markKitSocket } from '../testing/wire.ts';

const openFiles = 96;
const linux = process.platform === 'linux';

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

/** Each client asks once. @returns what became of each: a status, or how its connection ended. */
async function ask(clients: readonly RawClient[]): Promise<(number | string)[]> {
  const outcome = async (client: RawClient) => {
    try {
      return (await client.exchange(get('/db/'), 20_000)).status;
    } catch {
      return client.ended ?? 'no answer';
    }
  };
  return Promise.all(clients.map(outcome));
}

// What a limit is and what a process holds is read from /proc.
test.runIf(linux)(
  'the limit of open files is enough for every connection that is accepted, and for its connection to the service',
  async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const service = (await startService()).answer(async () => {
      await released;
      return ok('served');
    });
    const gateway = await startGatewayProcess(`routes:\n  /db: ${service.port}\n`, { ulimit: '-n 120' });
    const line = await gateway.log.find('warning', ({ enoughFor }) => enoughFor !== undefined);
    expect(line).toMatchObject({ level: 'warn', openFiles: 120, maxConnections: 10_000 });
    const enoughFor = Number(line.enoughFor);
    expect(enoughFor).toBeGreaterThan(20);

    const clients: RawClient[] = [];
    for (let i = 0; i < 200; i++) clients.push(await gateway.connect());
    const outcomes = ask(clients);
    await until('all that are accepted are at the service', () => service.requests.length === enoughFor);
    expect(gateway.descriptors().all).toBeLessThanOrEqual(120 - 20);
    expect((await gateway.admin('GET', '/readyz')).status).toBe(200);
    release();
    const seen = await outcomes;
    expect(seen.slice(0, enoughFor)).toEqual(Array(enoughFor).fill(200));
    expect(new Set(seen.slice(enoughFor))).toEqual(new Set([503]));
    expect(gateway.log.records.filter(({ msg }) => String(msg).startsWith('too many open files'))).toEqual(
      [],
    );
  },
);

test.runIf(linux)('connections that are kept for one service give way to those of the next', async () => {
  const services = await Promise.all(Array.from({ length: 5 }, () => startService()));
  const routes = services.map((service, i) => `  /s${i}: ${service.answer(ok()).port}\n`).join('');
  const gateway = await startGatewayProcess(`routes:\n${routes}`, { ulimit: '-n 120' });
  const clients = await Promise.all(Array.from({ length: 25 }, () => gateway.connect()));
  for (const i of services.keys()) {
    const answers = await Promise.all(clients.map((client) => client.exchange(get(`/s${i}/`), 20_000)));
    expect(answers.map(({ status }) => status)).toEqual(Array(25).fill(200));
  }
  expect(gateway.descriptors().all).toBeLessThanOrEqual(120 - 20);
});

test.runIf(linux)(
  'a flood that takes every descriptor ends nothing: who is connected is answered, and so is everybody afterwards',
  async () => {
    const service = (await startService()).answer(ok('served'));
    const stream = await freePort();
    const yaml = `routes: { /db: ${service.port} }\nstreams: { tcp: { ${stream}: ${service.port} } }\n`;
    const gateway = await startGatewayProcess(yaml, { ulimit: `-n ${openFiles}` });
    const before = gateway.descriptors().all;
    const client = await gateway.connect();
    expect((await client.exchange(get('/db/'))).text).toBe('served');

    // Raw connections have a bound of their own, which asks nothing of the limit.
    const clients = flood(stream, 300);
    await gateway.log.find('line of it', ({ msg }) => String(msg).startsWith('too many open files'));
    await until('all of them are settled', () => clients.sockets.every((socket) => !socket.connecting));
    expect(gateway.descriptors().all).toBeGreaterThan(openFiles - 8);
    for (let i = 0; i < 5; i++) expect((await client.exchange(get('/db/'))).text).toBe('served');
    // A listener that spins is never found asleep.
    await until('the gateway rests', () => sleeps(gateway.pid));

    clients.end();
    await until('its descriptors are free again', async () => gateway.descriptors().all < before + 8);
    const fresh = await gateway.connect();
    expect((await fresh.exchange(get('/db/'))).text).toBe('served');
    expect((await client.exchange(get('/db/'))).text).toBe('served');
  },
);

test.runIf(linux)(
  'without a descriptor for the service: 503 that says so in the log, at once and not for each request',
  async () => {
    const service = (await startService()).answer(ok('served', 'Connection: close'));
    const stream = await freePort();
    const yaml = `routes: { /db: ${service.port} }\nstreams: { tcp: { ${stream}: ${service.port} } }\n`;
    const gateway = await startGatewayProcess(yaml, { ulimit: `-n ${openFiles}` });
    const clients = await Promise.all(Array.from({ length: 6 }, () => gateway.connect()));
    // Only what it has accepted is answered.
    for (const client of clients) expect((await client.exchange(get('/db/'))).status).toBe(200);
    const clutter = [flood(stream, openFiles)];
    // What the process opens for a moment, such as its configuration, leaves gaps. A stream needs two descriptors and gives the only one that
    // is left back; a silent client keeps one.
    const refused = async (client: RawClient) => {
      for (;;) {
        const answer = await client.exchange(get('/db/'));
        if (answer.status === 503) return answer;
        clutter.push(flood(stream, 2), flood(gateway.port, 1));
      }
    };
    for (const client of clients) {
      const answer = await refused(client);
      expect(answer.head.value('retry-after')).toBe('1');
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'out_of_descriptors' });
      expect(answer.text).not.toMatch(/EMFILE|127\.0\.0\.1/);
    }
    expect((await gateway.log.exchange(503)).cause).toContain('EMFILE');
    const lines = gateway.log.records.filter(({ msg }) => String(msg).startsWith('too many open files'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(clients.length);
    for (const each of clutter) each.end();
    await until('it serves again', async () => (await clients[0]!.exchange(get('/db/'))).status === 200);
  },
);
