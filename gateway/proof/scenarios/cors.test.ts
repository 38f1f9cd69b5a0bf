import { describe, expect, test } from 'vitest';
import { loadContent } from '../../config/load.ts';
import { contentOf } from '../../files/content.ts';
import { startTestGateway } from '../testing/gateway.ts';
import type { AnswerHead } from '../testing/http-message.ts';
import { pageExample } from '../testing/page-example.ts';
import { request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const APP = 'Origin: https://app.example.com';
const EVIL = 'Origin: https://evil.test';
const NAMED = 'cors: { origins: [https://app.example.com], credentials: true, expose: X-Total, maxAge: 10m }';

const preflight = (origin: string, ...fields: string[]) =>
  request('OPTIONS', '/db/x', [origin, 'Access-Control-Request-Method: PUT', ...fields]);

/** Those of the CORS protocol, and Vary. */
function said(head: AnswerHead): Record<string, string> {
  const names = [
    'allow-origin',
    'allow-credentials',
    'allow-methods',
    'allow-headers',
    'expose-headers',
    'max-age',
  ];
  const all = [...[...names, 'allow-private-network'].map((name) => `access-control-${name}`), 'vary'];
  const there = all.flatMap((name) =>
    head.values(name).length > 0 ? [[name, head.values(name).join(', ')]] : [],
  );
  return Object.fromEntries(there.map(([name, value]) => [name?.replace('access-control-', ''), value]));
}

describe.each(laneKinds)('cors on $kind', ({ routes, files }) => {
  async function stage(keys: string, answer = ok('x'), ...more: string[]) {
    const service = (await startService()).answer(answer);
    const gateway = await startTestGateway(routes('/db', service.port, keys, ...more), { files });
    return { service, gateway };
  }

  test('answers preflights here, for the origins that it names', async () => {
    const { service, gateway } = await stage(NAMED);
    const answer = await gateway.exchange(
      preflight(APP, 'Access-Control-Request-Headers: x-a, content-type'),
    );
    expect(answer.status).toBe(204);
    expect(said(answer.head)).toEqual({
      'allow-origin': 'https://app.example.com',
      'allow-credentials': 'true',
      'allow-methods': 'PUT',
      'allow-headers': 'x-a, content-type',
      'expose-headers': 'X-Total',
      'max-age': '600',
      vary: 'Access-Control-Request-Method, Access-Control-Request-Headers, Origin',
    });
    expect(service.requests).toEqual([]);
  });

  test('refuses preflights of others, and says who it was', async () => {
    const { service, gateway } = await stage(NAMED);
    const { status, head } = await gateway.exchange(preflight(EVIL));
    expect([status, said(head)]).toEqual([403, { vary: 'Accept, Origin' }]);
    expect(service.requests).toEqual([]);
    expect(await gateway.log.exchange(403)).toMatchObject({
      policy: 'cors',
      code: 'origin_refused',
      cause: expect.stringContaining('https://evil.test'),
    });
  });

  test.each([
    ['without Origin', ['Access-Control-Request-Method: PUT']],
    ['without a method that is asked for', [APP]],
  ])('an OPTIONS %s is none, and the service’s', async (_what, fields) => {
    const { service, gateway } = await stage(NAMED);
    expect((await gateway.exchange(request('OPTIONS', '/db/x', fields))).status).toBe(200);
    expect(service.requests).toHaveLength(1);
  });

  test('replaces what the service says, for readers of every kind', async () => {
    const own = ok(
      'x',
      'Access-Control-Allow-Origin: *',
      'access-control-allow-credentials: true',
      'Vary: Cookie',
    );
    const { gateway } = await stage(NAMED, own);
    const told = async (...fields: string[]) => said((await gateway.get('/db/x', ...fields)).head);
    const vary = 'Cookie, Origin';
    const allowed = {
      'allow-origin': 'https://app.example.com',
      'allow-credentials': 'true',
      'expose-headers': 'X-Total',
    };
    const seen = [await told(APP), await told(EVIL), await told()];
    expect(seen).toEqual([{ ...allowed, vary }, { vary }, { vary }]);
  });

  test('says Vary once where the service does', async () => {
    const { gateway } = await stage(NAMED, ok('x', 'Vary: Accept, origin'));
    expect(said((await gateway.get('/db/x', APP)).head).vary).toBe('Accept, origin');
  });

  test('true is everybody, the same for all', async () => {
    const { gateway } = await stage('cors: true', ok('x', 'Access-Control-Allow-Origin: https://own.test'));
    expect(said((await gateway.get('/db/x', EVIL)).head)).toEqual({ 'allow-origin': '*' });
    expect(said((await gateway.get('/db/x')).head)).toEqual({ 'allow-origin': '*' });
    expect((await gateway.exchange(preflight(EVIL))).status).toBe(204);
  });

  test('is on the errors of the gateway, too', async () => {
    const { gateway } = await stage(NAMED, ok('x'), 'bodyMax: 1B');
    const { status, head } = await gateway.exchange(request('POST', '/db/x', [APP], 'xx'));
    expect(status).toBe(413);
    expect(said(head)['allow-origin']).toBe('https://app.example.com');
  });

  test('says its own lists, and asks nobody into a private network unless it is told to', async () => {
    const lists = 'cors: { origins: "*", methods: [get, put], headers: [X-A, X-B] }';
    const fields = [
      'Access-Control-Request-Headers: x-other',
      'Access-Control-Request-Private-Network: true',
    ];
    const { gateway } = await stage(lists);
    const seen = said((await gateway.exchange(preflight(APP, ...fields))).head);
    expect(seen).toMatchObject({ 'allow-methods': 'GET, PUT', 'allow-headers': 'X-A, X-B' });
    const open = await stage('cors: { privateNetwork: true }');
    const told = async (stage: typeof open) =>
      said((await stage.gateway.exchange(preflight(APP, ...fields))).head);
    expect((await told(open))['allow-private-network']).toBe('true');
    expect((await told({ gateway } as typeof open))['allow-private-network']).toBeUndefined();
  });

  test('what asks for fields that are none is not echoed', async () => {
    const { gateway } = await stage('cors: true');
    const odd = 'Access-Control-Request-Headers: x-a; <script>';
    expect(said((await gateway.exchange(preflight(APP, odd))).head)['allow-headers']).toBeUndefined();
  });

  test('refuses handshakes of WebSockets from foreign pages, and lets the gateway’s own pass', async () => {
    const { service, gateway } = await stage(NAMED);
    service.answer(() => Buffer.from(agreement(), 'latin1'));
    const status = async (...fields: string[]) => {
      const client = await gateway.connect();
      await client.send(handshake('/db/x', ...fields));
      const { status } = await client.head();
      client.destroy();
      return status;
    };
    const own = 'Origin: http://gateway.test';
    const seen = [await status(EVIL), await status(APP), await status(own), await status()];
    expect(seen).toEqual([403, 101, 101, 101]);
  });

  test('what a service answers with an error carries it', async () => {
    const { gateway } = await stage('cors: true', reply(500, [], 'x'));
    expect(said((await gateway.get('/db/x', APP)).head)['allow-origin']).toBe('*');
  });
});

test.each([
  ['{ credentials: true }', 'every origin'],
  ['{ origins: ["*", https://a.test], credentials: true }', '"*"'],
  ['{ origins: https://a.test/x }', null],
])('cors: %s is a mistake', async (cors, found) => {
  const text = `routes:\n  /db: { to: 3001, cors: ${cors} }\n`;
  const loaded = await loadContent(contentOf(Buffer.from(text)), 'gateway.config.yaml', {});
  const problems = loaded.ok ? [] : loaded.problems;
  expect(problems).toHaveLength(1);
  if (found !== null) expect(problems[0]?.found).toContain(found);
});

test('the example of docs/policies.md is a good one, and does what it says', async () => {
  const service = (await startService()).answer(ok('x'));
  const yaml = pageExample('policies.md', 'CORS').replaceAll(/300[12]/g, String(service.port));
  const gateway = await startTestGateway(yaml);
  const origin = async (path: string, from: string) =>
    said((await gateway.get(path, `Origin: ${from}`)).head)['allow-origin'];
  expect(await origin('/public/', 'https://any.test')).toBe('*');
  for (const from of ['https://app.example.com', 'https://a.example.org', 'http://localhost:5173'])
    expect(await origin('/api/', from)).toBe(from);
  expect(await origin('/api/', 'https://any.test')).toBeUndefined();
});
