import { describe, expect, test, vi } from 'vitest';
import { GatewayError } from '../../exchange/error-catalog.ts';
import type { LocalAnswer } from '../../fields/exchange.ts';
import type { BoundPolicy } from '../../policy/policy.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

/** Verdicts that wait until a test gives them, or until nobody waits for them any more, in the order in which they were asked for. */
const asked = vi.hoisted(() => ({
  waiting: [] as { settle: (answer: LocalAnswer | null) => void; fail: (cause: Error) => void }[],
  abandoned: 0,
}));

vi.mock(import('../../policy/order.ts'), async (original) => {
  const order = await original();
  const { RoutePolicies } = await import('../../policy/route-policies.ts');
  const request: BoundPolicy['request'] = (exchange) => {
    if (!exchange.target.raw.includes('wait')) return null;
    exchange.user = 'ann "x"';
    exchange.signal.addEventListener('abort', () => asked.abandoned++);
    return new Promise((settle, fail) => asked.waiting.push({ settle, fail }));
  };
  const gate = { name: 'gate', does: '', key: null, bind: () => ({ request }) };
  return {
    ...order,
    policiesOf: ({ policies }) => new RoutePolicies([gate, ...order.POLICIES], policies),
  };
});

const GET = 'GET /db/wait HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-User: root\r\n\r\n';

describe.each(laneKinds)('a policy that waits, on $kind', ({ routes, files }) => {
  async function stage(...keys: string[]) {
    asked.waiting.length = asked.abandoned = 0;
    const service = (await startService()).answer(async (request, connection) =>
      request.head.value('upgrade') ? void (await connection.send(agreement())) : ok('x'),
    );
    const text = `trustProxy: loopback\n${routes('/db', service.port, ...keys)}`;
    return { service, gateway: await startTestGateway(text, { files }) };
  }
  const verdict = () => vi.waitUntil(() => asked.waiting.shift(), { timeout: 10_000 });

  test('lets the request pass when it is settled, with the user that it knows by then', async () => {
    const { service, gateway } = await stage();
    const client = await gateway.connect();
    await client.send('POST /db/wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbo');
    const { settle } = await verdict();
    await client.send('dy');
    expect(service.connections).toHaveLength(0);
    settle(null);
    expect((await client.answer()).body.toString()).toBe('x');
    expect(service.request.body.toString()).toBe('body');
    expect(service.request.head.values('x-forwarded-user')).toEqual(['ann "x"']);
    const line = await gateway.log.exchange(200);
    expect([line.user, line.policy]).toEqual(['ann "x"', undefined]);
  });

  test('answers in the place of the service', async () => {
    const { service, gateway } = await stage();
    const client = await gateway.connect();
    await client.send(GET);
    (await verdict()).settle({ status: 302, fields: ['Location', '/login'], body: Buffer.from('in') });
    const { status, head, body } = await client.answer();
    expect([status, head.value('location'), body.toString()]).toEqual([302, '/login', 'in']);
    expect(service.connections).toHaveLength(0);
    expect((await gateway.log.exchange(302)).policy).toBe('gate');
  });

  test('refuses it', async () => {
    const { gateway } = await stage();
    const client = await gateway.connect();
    await client.send(GET);
    const fields = ['X-Ask', 'so'];
    (await verdict()).fail(new GatewayError('no_route', 'not for you', { fields }));
    const { status, head } = await client.answer();
    expect([status, head.value('x-ask')]).toEqual([404, 'so']);
    expect(await gateway.log.exchange(404)).toMatchObject({ policy: 'gate', code: 'no_route' });
  });

  test('has the time of `timeouts.response`', async () => {
    const { service, gateway } = await stage('timeouts: { response: 50ms }');
    const { status, head } = await gateway.get('/db/wait', 'Host: localhost');
    expect([status, head.value('proxy-status')]).toEqual([504, 'portway; error=http_response_timeout']);
    expect(asked.abandoned).toBe(1);
    (await verdict()).settle(null);
    expect(service.connections).toHaveLength(0);
    expect(await gateway.log.exchange(504)).toMatchObject({ policy: 'gate', code: 'policy_timeout' });
  });

  test('is abandoned when the client leaves', async () => {
    const { service, gateway } = await stage();
    const client = await gateway.connect();
    await client.send(GET);
    const { settle } = await verdict();
    client.destroy();
    await gateway.log.exchange(499);
    settle(null);
    expect([asked.abandoned, service.connections.length]).toEqual([1, 0]);
  });

  test('holds a WebSocket as well, and what comes behind the handshake', async () => {
    const { service, gateway } = await stage();
    const client = await gateway.connect();
    await client.send(`${handshake('/db/wait', 'Host: localhost')}early`);
    const { settle } = await verdict();
    settle(null);
    expect((await client.head()).startLine).toContain('101');
    const connection = await service.connection();
    expect((await connection.bytes(5)).toString()).toBe('early');
  });

  test('lets go of a WebSocket whose client leaves', async () => {
    const { gateway } = await stage();
    const client = await gateway.connect();
    await client.send(handshake('/db/wait', 'Host: localhost'));
    await verdict();
    client.destroy();
    await gateway.log.exchange(499);
    expect(asked.abandoned).toBe(1);
  });
});
