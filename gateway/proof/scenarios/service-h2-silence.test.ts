import type { ServerHttp2Stream } from 'node:http2';
import { connect, createServer } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { listening } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { startH2Service } from '../testing/h2-service.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { markKitSocket } from '../testing/wire.ts';

afterEach(() => void vi.useRealTimers());

/** Between a gateway and a service. What is cut says nothing more to either of them, not even that it ends. */
class Cable {
  connections = 0;
  /** Bytes that came after it was cut. */
  swallowed = 0;
  readonly #cut = new Set<() => void>();

  /** @returns the port that leads to the other one */
  lead(port: number): Promise<number> {
    const server = createServer((near) => {
      this.connections++;
      const far = connect(port, '127.0.0.1');
      let whole = true;
      this.#cut.add(() => {
        whole = false;
      });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        markKitSocket(from).on('error', () => {});
        from
          .on('data', (bytes: Buffer) => {
            if (whole) to.write(bytes);
            else this.swallowed += bytes.length;
          })
          .on('close', () => void to.destroy());
      }
    });
    onTestFinished(() => void server.close());
    return listening(server);
  }

  cut(): void {
    for (const cut of this.#cut) cut();
  }
}

async function start(answer: (stream: ServerHttp2Stream, path: string) => void) {
  const service = await startH2Service((stream, headers) => answer(stream, String(headers[':path'])));
  const cable = new Cable();
  const port = await cable.lead(service.port);
  // Only what is looked at every few seconds: sockets go on as they do.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const to = `{ to: "h2c://127.0.0.1:${port}", timeouts: { response: 10m } }`;
  return { service, cable, gateway: await startTestGateway(`routes:\n  /db: ${to}\n`) };
}

async function ask(gateway: TestGateway, path: string) {
  const client = await gateway.connect();
  await client.send(get(path));
  return client;
}

test('a service that is gone without a word gets no other request, and loses those that it has', async () => {
  const { service, cable, gateway } = await start((stream) => {
    stream.respond({ ':status': 200 });
    stream.end('ok');
  });
  expect((await gateway.get('/db')).status).toBe(200);
  cable.cut();
  const waiting = await ask(gateway, '/db/lost');
  await until('it is on its way', () => cable.swallowed > 0);
  await vi.advanceTimersByTimeAsync(12_000);
  expect((await gateway.get('/db/next')).status).toBe(200);
  expect(cable.connections).toBe(2);
  await vi.advanceTimersByTimeAsync(25_000);
  expect((await waiting.answer()).status).toBe(502);
  expect(service.asked).toEqual(['GET /', 'GET /next']);
});

test('a service that takes its time and answers PING keeps its connection', async () => {
  const held: ServerHttp2Stream[] = [];
  const { cable, gateway } = await start((stream, path) => {
    stream.respond({ ':status': 200 });
    if (path === '/slow') held.push(stream);
    else stream.end('ok');
  });
  const slow = await ask(gateway, '/db/slow');
  await until('it is asked', () => held.length === 1);
  for (let round = 0; round < 5; round++) {
    await vi.advanceTimersByTimeAsync(6_000);
    // Its answer to the PING is before that to the request.
    expect((await gateway.get('/db')).status).toBe(200);
  }
  held[0]!.end('late');
  expect((await slow.answer()).text).toBe('late');
  expect(cable.connections).toBe(1);
});
