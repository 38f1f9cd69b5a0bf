import { expect, test } from 'vitest';
import { DEVELOPMENT, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { ok, startService } from '../testing/service.ts';
import { startCollector } from '../testing/trace-collector.ts';

test('secrets of the configuration and of requests are used, and shown nowhere', async () => {
  const collector = await startCollector();
  const service = (await startService()).answer(ok('x'));
  const gateway = await startTestGateway(
    `admin: 3900
traces:
  otlp: "http://127.0.0.1:${collector.port}/in?api_key=hushurl"
  headers: { X-Honeycomb-Team: hushkey }
  gzip: on
  sample: 100%
routes:
  /db:
    - to: ${service.port}
    - { to: ${service.port}, when: { headers: { X-Api-Key: hushwanted }, query: { token: hushquery } } }
    - { to: ${service.port}, when: { cookies: { beta: hushcookie } } }
`,
    DEVELOPMENT,
  );
  const nested = encodeURIComponent(`https://x/cb?code=hushnested&a=1`);
  await gateway.get(
    `/db/x?next=${nested}&accessKey=hushcamel`,
    'Sec-WebSocket-Protocol: graphql-ws, hushprotocol0123456789',
    'Cookie: beta=hushsession',
  );
  await until('a batch has come', () => collector.requests.length > 0);
  expect(collector.faults).toEqual([]);
  expect(collector.requests[0]?.url).toBe('/in/v1/traces?api_key=hushurl');
  expect(collector.fields[0]).toMatchObject({ 'x-honeycomb-team': 'hushkey', 'content-encoding': 'gzip' });
  const ask = async (path: string) => (await gateway.admin('GET', path)).text;
  const { exchanges } = JSON.parse(await ask('/exchanges')) as { exchanges: { id: string }[] };
  const one = await ask(`/exchanges/${exchanges[0]!.id}`);
  expect(one).toContain('graphql-ws, (not shown)');
  expect(JSON.parse(one).why).toContain('(not shown)');
  const ofConfig = ['hushurl', 'hushkey', 'hushwanted', 'hushquery', 'hushcookie'];
  const hidden = (text: string, secrets: readonly string[]) =>
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  hidden(one, [...ofConfig, 'hushnested', 'hushcamel', 'hushprotocol', 'hushsession']);
  hidden(await ask('/config'), ofConfig);
  const why = await ask('/explain?url=/db/x%3Ftoken=1&header=Cookie:beta%3Dtold');
  hidden(why, ofConfig);
  expect(why).toMatch(/"wanted": ?"\(not shown\)",\s*"found": ?\[\s*"told"/);
  hidden(JSON.stringify(gateway.log.records), ofConfig);
});
