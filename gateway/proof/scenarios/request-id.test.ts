import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok, startService } from '../testing/service.ts';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe.each(routeKinds)('the identity of a request on $kind', ({ routes, files }) => {
  async function exchange(fields: readonly string[], settings = '') {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(settings + routes('/db', service.port), { files });
    const answer = await gateway.exchange(get('/db/', ...fields));
    return { sent: service.request.head, answer: answer.head, gateway };
  }

  test('is the same for the service, the client and the log', async () => {
    const { sent, answer, gateway } = await exchange([]);
    const id = sent.value('x-request-id');
    expect(id).toMatch(/^[\w-]{8,}$/);
    expect(answer.value('x-request-id')).toBe(id);
    expect(JSON.stringify(await gateway.log.exchange(200))).toContain(id);
  });

  test('is what a trusted proxy says', async () => {
    const { sent, answer } = await exchange(['X-Request-Id: from-the-edge-1'], 'trustProxy: [127.0.0.1]\n');
    expect(sent.values('x-request-id')).toEqual(['from-the-edge-1']);
    expect(answer.values('x-request-id')).toEqual(['from-the-edge-1']);
  });

  test('is never the same twice', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    const client = await gateway.connect();
    for (let i = 0; i < 20; i++) await client.exchange(get('/db/'));
    expect(new Set(service.requests.map((each) => each.head.value('x-request-id'))).size).toBe(20);
  });

  test('a trace is begun where there is none', async () => {
    const { sent } = await exchange([]);
    expect(sent.value('traceparent')).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/);
  });

  test('a trace that was begun goes on', async () => {
    const { sent } = await exchange([`traceparent: ${trace}`, 'tracestate: vendor=1']);
    expect(sent.value('traceparent')).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(sent.value('tracestate')).toBe('vendor=1');
  });
});
