import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startDeafPort } from '../testing/deaf-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { type Answer, get, request } from '../testing/raw-client.ts';
import { type RouteKind, routeKinds } from '../testing/route-kinds.ts';
import { ok, type Script, startService } from '../testing/service.ts';

/** A port that nothing listens on. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const serviceThat = async (script: Script) => (await startService()).answer(script).port;

interface Case {
  readonly what: string;
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly to: () => Promise<number | string>;
  readonly keys?: string[];
  readonly request?: string;
}

const cases: readonly Case[] = [
  {
    what: 'no such route',
    status: 404,
    type: 'destination_not_found',
    code: 'no_route',
    to: deadPort,
    request: get('/nowhere'),
  },
  {
    what: 'a malformed target',
    status: 400,
    type: 'http_request_error',
    code: 'bad_target',
    to: deadPort,
    request: get('/db/%zz'),
  },
  {
    what: 'a method that is not carried',
    status: 405,
    type: 'http_request_error',
    code: 'method_refused',
    to: deadPort,
    request: request('TRACE', '/db/'),
  },
  {
    what: 'nothing listens',
    status: 502,
    type: 'connection_refused',
    code: 'connection_refused',
    to: deadPort,
  },
  {
    what: 'no route to the host',
    status: 502,
    type: 'destination_ip_unroutable',
    code: 'destination_unroutable',
    to: async () => '"http://255.255.255.255:9"',
  },
  {
    what: 'the name does not resolve',
    status: 502,
    type: 'dns_error',
    code: 'dns_error',
    to: async () => '"http://nowhere.invalid:9"',
    keys: ['timeouts: { connect: 30s }'],
  },
  {
    what: 'the service closes before an answer',
    status: 502,
    type: 'connection_terminated',
    code: 'connection_terminated',
    to: () =>
      serviceThat((_request, connection) => {
        connection.fin();
        return undefined;
      }),
  },
  {
    what: 'the service resets before an answer',
    status: 502,
    type: 'connection_terminated',
    code: 'connection_terminated',
    to: () =>
      serviceThat((_request, connection) => {
        connection.reset();
        return undefined;
      }),
  },
  {
    what: 'the service closes inside the head',
    status: 502,
    type: 'connection_terminated',
    code: 'connection_terminated',
    to: () =>
      serviceThat(async (_request, connection) => {
        await connection.send('HTTP/1.1 200 OK\r\nX-Half: ');
        connection.fin();
        return undefined;
      }),
  },
  {
    what: 'no connection in time',
    status: 504,
    type: 'connection_timeout',
    code: 'connection_timeout',
    to: startDeafPort,
    keys: ['timeouts: { connect: 150ms }'],
  },
  {
    what: 'no answer in time',
    status: 504,
    type: 'http_response_timeout',
    code: 'response_timeout',
    to: () => serviceThat(() => undefined),
    keys: ['timeouts: { response: 150ms }'],
  },
  {
    what: 'an answer that is not HTTP',
    status: 502,
    type: 'http_protocol_error',
    code: 'bad_answer',
    to: () => serviceThat(() => '+PONG\r\n\r\n'),
  },
  {
    what: 'a body that is too large',
    status: 413,
    type: 'http_request_error',
    code: 'body_too_large',
    to: deadPort,
    keys: ['bodyMax: 1KiB'],
    request: request('POST', '/db/', [], 'x'.repeat(1_025)),
  },
  {
    what: 'too long a target',
    status: 414,
    type: 'http_request_error',
    code: 'target_too_long',
    to: deadPort,
    request: get(`/db/${'x'.repeat(8_192)}`),
  },
  {
    what: 'too large a head',
    status: 431,
    type: 'http_request_error',
    code: 'head_too_large',
    to: deadPort,
    request: get('/db/', `X-Large: ${'x'.repeat(17_000)}`),
  },
  {
    what: 'too many fields',
    status: 431,
    type: 'http_request_error',
    code: 'head_too_large',
    to: deadPort,
    request: get('/db/', ...Array.from({ length: 101 }, (_, i) => `X-${i}: 1`)),
  },
  {
    what: 'an unknown expectation',
    status: 417,
    type: 'http_request_error',
    code: 'expectation_failed',
    to: deadPort,
    request: request('POST', '/db/', ['Expect: the best'], 'x'),
  },
  {
    what: 'a request that is not HTTP',
    status: 400,
    type: 'http_request_error',
    code: 'bad_request',
    to: deadPort,
    request: 'GET /db/ HTTP/1.1\r\nHost: a\r\nNo colon here\r\n\r\n',
  },
  {
    what: 'no host',
    status: 400,
    type: 'http_request_error',
    code: 'bad_host',
    to: deadPort,
    request: 'GET /db/ HTTP/1.1\r\n\r\n',
  },
];

async function provoke(kind: RouteKind, failure: Case, ...fields: string[]) {
  const to = await failure.to();
  const yaml = kind.routes('/db', to, ...(failure.keys ?? []));
  const gateway = await startTestGateway(yaml, { files: kind.files });
  const asked = (failure.request ?? get('/db/')).replace('\r\n', ['', ...fields, ''].join('\r\n'));
  const client = await gateway.connect();
  return { answer: await client.exchange(asked, 15_000), gateway, to: String(to) };
}

/** What only operators may know: where the service is, what Node and the libraries call things, our own code. */
function expectNoInternals(answer: Answer, to: string): void {
  const told = answer.head.raw + answer.text;
  expect(told).not.toMatch(
    /127\.0\.0\.1|ECONN|ENOTFOUND|EAI_|UND_ERR|HPE_|undici|fastify|node:|\.ts|\.js|\bat .*:\d+/i,
  );
  expect(told).not.toContain(to.replace(/["/:a-z]/g, '') || to);
}

describe.each(routeKinds)('errors on $kind', (kind) => {
  test.each(cases)('$what: $status $type', async (failure) => {
    const { answer, to } = await provoke(kind, failure);
    const problem = JSON.parse(answer.text);
    expect(answer.status).toBe(failure.status);
    expect(answer.head.value('content-type')).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({ status: failure.status, code: failure.code });
    for (const key of ['type', 'title', 'detail']) expect(problem[key]).toEqual(expect.stringMatching(/\S/));
    expect(problem.requestId).toBe(answer.head.value('x-request-id'));
    expect(answer.head.value('proxy-status')).toMatch(
      new RegExp(`^portway[^;, ]*; ?error=${failure.type}(;|$)`),
    );
    expect(answer.head.has('retry-after')).toBe(failure.status === 503);
    expectNoInternals(answer, to);
  });

  test.each(cases)('$what: a line in the log', async (failure) => {
    const { answer, gateway } = await provoke(kind, failure);
    const record = await gateway.log.exchange(failure.status);
    expect(record).toMatchObject({ code: failure.code, errorType: failure.type });
    expect(record.requestId).toBe(answer.head.value('x-request-id'));
  });

  test.each(cases.filter(({ status }) => [404, 502, 504].includes(status)))(
    '$what: a page for a browser',
    async (failure) => {
      const { answer, to } = await provoke(
        kind,
        failure,
        'Accept: text/html,application/xhtml+xml,*/*;q=0.8',
      );
      expect(answer.status).toBe(failure.status);
      expect(answer.head.value('content-type')).toMatch(/^text\/html; ?charset=utf-8/i);
      expect(answer.text).toMatch(/^<!doctype html>/i);
      expect(answer.text).toContain(answer.head.value('x-request-id'));
      expectNoInternals(answer, to);
    },
  );

  test('HEAD gets the head of the error alone, and the connection lives on', async () => {
    const gateway = await startTestGateway(kind.routes('/db', await deadPort()), { files: kind.files });
    const client = await gateway.connect();
    for (let turn = 0; turn < 2; turn++) {
      const answer = await client.exchange(request('HEAD', '/db/'));
      expect(answer.status).toBe(502);
      expect(answer.head.value('content-type')).toMatch(/^application\/problem\+json/);
    }
    expect(client.unread()).toHaveLength(0);
  });

  test('in development the answer says what is missing', async () => {
    const port = await deadPort();
    const yaml = kind.routes('/db', port);
    const gateway = await startTestGateway(yaml, { files: kind.files, mode: 'development' });
    const answer = await gateway.get('/db/');
    expect(answer.status).toBe(502);
    expect(answer.text).toContain(`nothing listens on ${port}`);
  });

  test("a service's own errors go through untouched, and only once", async () => {
    const service = await startService();
    const page = 'HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy';
    service.answer(page);
    const gateway = await startTestGateway(kind.routes('/db', service.port), { files: kind.files });
    const answer = await gateway.get('/db/');
    expect([answer.status, answer.text, answer.head.value('retry-after')]).toEqual([503, 'busy', '7']);
    expect(answer.head.has('proxy-status')).toBe(false);
    expect(service.requests).toHaveLength(1);
  });
});

describe('an error answer', () => {
  const plainRoute = async (mode?: 'development' | 'production'): Promise<TestGateway> =>
    startTestGateway(
      `routes:\n  /orders: ${(await startService()).answer(ok()).port}\n`,
      mode ? { mode } : {},
    );

  test.each([
    ['', 'application/problem+json'],
    ['Accept: */*', 'application/problem+json'],
    ['Accept: application/json', 'application/problem+json'],
    ['Accept: application/json, text/html;q=0.5', 'application/problem+json'],
    ['Accept: text/html;q=0', 'application/problem+json'],
    ['Accept: text/html', 'text/html'],
    ['Accept: text/*', 'text/html'],
    ['Accept: TEXT/HTML, application/json;q=0.9', 'text/html'],
    ['Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'text/html'],
    ['Accept: ;;;=,,q', 'application/problem+json'],
  ])('to a client with "%s" is %s', async (field, type) => {
    const gateway = await plainRoute();
    const answer = await gateway.get('/nowhere', ...(field === '' ? [] : [field]));
    expect(answer.head.value('content-type')?.split(';')[0]).toBe(type);
  });

  test('names the nearest routes in development, and none in production', async () => {
    expect((await (await plainRoute('development')).get('/order')).text).toContain('/orders');
    expect((await (await plainRoute('production')).get('/order')).text).not.toContain('/orders');
  });

  test.each(['development', 'production'] as const)(
    'in %s never repeats markup from the request',
    async (mode) => {
      const gateway = await plainRoute(mode);
      const attack = '"><script>alert(1)</script>&<b>';
      const answer = await gateway.get(
        `/orderz${attack}?${attack}`,
        `Host: a`,
        `Accept: text/html`,
        `Referer: ${attack}`,
      );
      expect(answer.status).toBe(404);
      expect(answer.text).not.toMatch(/<script>alert|<b>/);
    },
  );

  test('is not kept by caches and not sniffed', async () => {
    const { head } = await (await plainRoute()).get('/nowhere');
    expect(head.value('cache-control')).toMatch(/no-store/);
    expect(head.value('x-content-type-options')).toBe('nosniff');
  });

  test('leaves the connection open for the next request', async () => {
    const gateway = await plainRoute();
    const client = await gateway.connect();
    expect((await client.exchange(get('/nowhere'))).status).toBe(404);
    expect((await client.exchange(get('/orders/'))).status).toBe(200);
  });
});

test('a client beyond maxConnections is answered 503 and may come back', async () => {
  const service = (await startService()).answer(ok());
  const gateway = await startTestGateway(`maxConnections: 2\nroutes:\n  /db: ${service.port}\n`);
  const first = await gateway.connect();
  await first.exchange(get('/db/'));
  const second = await gateway.connect();
  await second.exchange(get('/db/'));
  const third = await gateway.connect();
  const refusal = await third.exchange(get('/db/'));
  expect(refusal.status).toBe(503);
  expect(refusal.head.value('retry-after')).toMatch(/^\d+$/);
  expect(refusal.head.value('proxy-status')).toContain('connection_limit_reached');
  await third.ending();
  expect((await first.exchange(get('/db/'))).status).toBe(200);
  first.destroy();
  await expect.poll(async () => (await gateway.get('/db/')).status).toBe(200);
});
