import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

const OURS = /^gateway;dur=\d+(\.\d+)?, connect;dur=\d+(\.\d+)?, upstream;dur=(\d+(\.\d+)?)$/;

async function timings(
  yaml: (port: number) => string,
  mode: 'development' | 'production',
  fields: string[] = [],
) {
  const service = (await startService()).answer(ok('fine', ...fields));
  const gateway = await startTestGateway(yaml(service.port), { mode });
  const client = await gateway.connect();
  const all = [];
  for (let at = 0; at < 2; at++)
    all.push((await client.exchange(get('/db', 'Host: localhost'))).head.values('server-timing'));
  client.destroy();
  return all;
}

describe('Server-Timing', () => {
  test.each(['wire', 'general'])('says in development what took how long, in the %s lane', async (lane) => {
    const all = await timings((port) => `routes: { /db: { to: ${port}, lane: ${lane} } }\n`, 'development');
    expect(all).toEqual([[expect.stringMatching(OURS)], [expect.stringMatching(OURS)]]);
  });

  test('is not there in production', async () => {
    expect(await timings((port) => `routes: { /db: ${port} }\n`, 'production')).toEqual([[], []]);
  });

  test.each([
    { key: true, mode: 'production', count: 1 },
    { key: false, mode: 'development', count: 0 },
  ] as const)('is $key where the file says so, in $mode', async ({ key, mode, count }) => {
    const [first] = await timings((port) => `serverTiming: ${key}\nroutes: { /db: ${port} }\n`, mode);
    expect(first).toHaveLength(count);
  });

  test('stands beside what the service says', async () => {
    const [first] = await timings((port) => `routes: { /db: ${port} }\n`, 'development', [
      'Server-Timing: db;dur=53',
    ]);
    expect(first).toEqual(['db;dur=53', expect.stringMatching(OURS)]);
  });

  test('is told once of an answer from the cache, and is not kept with it', async () => {
    const fields = ['Cache-Control: max-age=60', 'Server-Timing: db;dur=53'];
    const all = await timings(
      (port) => `routes: { /db: { to: ${port}, cache: true } }\n`,
      'development',
      fields,
    );
    const cached = expect.stringMatching(/^cache;dur=\d+(\.\d+)?$/);
    expect(all).toEqual([
      ['db;dur=53', cached],
      ['db;dur=53', cached],
    ]);
  });

  test('reaches the client of an extended route', async () => {
    const service = (await startService()).answer(ok('fine', 'Server-Timing: db;dur=53'));
    const gateway = await startTestGateway(`routes: { /db: { to: ${service.port}, extend: ./own.ts } }\n`, {
      mode: 'development',
      files: { 'own.ts': 'export default { preHandler: async () => {} };\n' },
    });
    const { head } = await gateway.get('/db');
    expect(head.values('server-timing').join(', ')).toMatch(/^db;dur=53, gateway;dur=/);
  });
});
