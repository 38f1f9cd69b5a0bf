import { describe, expect, test } from 'vitest';
import { freePorts } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { said } from '../testing/named-services.ts';
import { until } from '../testing/poll.ts';
import { connect } from '../testing/raw-client.ts';
import { startService } from '../testing/service.ts';

const words = (gateway: TestGateway) => said(gateway, 'the endpoint');

async function startStream(keys: string) {
  const service = await startService();
  const [listen, dead] = (await freePorts(2)) as [number, number];
  const yaml = `routes: {}\nstreams: { tcp: { "127.0.0.1:${listen}": { to: [${dead}, ${service.port}], ${keys} } } }\n`;
  const gateway = await startTestGateway(yaml);
  const visit = async () => {
    const client = await connect(listen);
    await client.send('hello');
    expect(String(await (await service.connection()).bytes(5))).toBe('hello');
    client.destroy();
  };
  return { gateway, visit };
}

describe('an endpoint of a raw stream', () => {
  test('is ejected when nothing listens there, and clients notice nothing', async () => {
    const { gateway, visit } = await startStream('ejection: { failures: 3, for: 1m }');
    for (let i = 0; i < 8; i++) await visit();
    const seen = words(gateway);
    expect(seen).toEqual(['the endpoint is ejected for 60 s after 3 failures in a row (connection refused)']);
    const [stream] = await gateway.gateway.figure('streams');
    expect(stream?.endpoints.map(({ state }) => state)).toEqual(['down', 'up']);
  });

  test('is checked by a connection', async () => {
    const { gateway } = await startStream('health: { tcp: true, interval: 100ms }');
    await until('it is out', () => words(gateway).length > 0);
    expect(words(gateway)[0]).toMatch(/^the endpoint is unhealthy: nothing listens on \d+ ×3/);
  });
});
