import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';

/** A service that answers with what it was asked and sent. */
async function open(port: number): Promise<void> {
  const service = createServer(async (request, answer) => {
    answer.end(`${request.method} ${await text(request)}`);
  }).listen(port, '127.0.0.1');
  onTestFinished(() => {
    service.closeAllConnections();
    service.close();
  });
  await once(service, 'listening');
}

const lane = (name: string, port: number, hold: string) =>
  `routes: { /a: { to: ${port}, lane: ${name}, hold: ${hold} } }\n`;

describe.each(['wire', 'general'])('a service that does not listen yet, in the %s lane', (name) => {
  test('is waited for, and then given the request with its body', async () => {
    const port = await freePort();
    const gateway = await startTestGateway(lane(name, port, '1m'), { mode: 'production' });
    const asked = gateway.get('/a/');
    const sent = gateway.exchange('POST /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
    await until('both were refused', async () => {
      const [route] = await gateway.gateway.figure('routes');
      return route?.endpoints[0]?.state === 'down';
    });
    await open(port);
    expect(String((await asked).body)).toBe('GET ');
    expect(String((await sent).body)).toBe('POST hello');
  });

  test('is given up when the time is over', async () => {
    const gateway = await startTestGateway(lane(name, await freePort(), '200ms'), { mode: 'production' });
    const begun = performance.now();
    expect((await gateway.get('/a/')).status).toBe(502);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(195);
  });

  test('is not asked for a client that has left', async () => {
    const port = await freePort();
    const gateway = await startTestGateway(lane(name, port, '1m'), { mode: 'production' });
    const client = await gateway.connect();
    client.send('GET /a/ HTTP/1.1\r\nHost: a\r\n\r\n');
    await until('it waits', async () => {
      const [route] = await gateway.gateway.figure('routes');
      return route?.endpoints[0]?.state === 'down';
    });
    client.destroy();
    const left = await gateway.log.exchange(499);
    expect(left).toMatchObject({ status: 499, attempts: 1 });
  });
});

test.each(['off', undefined])('with hold: %s nobody waits in production', async (hold) => {
  const port = await freePort();
  const yaml = hold === undefined ? `routes: { /a: ${port} }\n` : lane('auto', port, hold);
  const gateway = await startTestGateway(yaml, { mode: 'production' });
  expect((await gateway.get('/a/')).status).toBe(502);
});
