import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { type Answer, get, request } from '../testing/raw-client.ts';
import { type RouteKind, routeKinds } from '../testing/route-kinds.ts';
import { startService } from '../testing/service.ts';
import { type Failure, failures } from './failures.ts';

async function provoke(kind: RouteKind, failure: Failure, ...fields: string[]) {
  const to = await failure.to();
  const yaml = `${failure.top ?? ''}\n${kind.routes('/db', to, ...(failure.keys ?? []))}`;
  const gateway = await startTestGateway(yaml, { files: kind.files });
  const asked = (failure.request ?? get('/db/')).replace('\r\n', ['', ...fields, ''].join('\r\n'));
  const client = await gateway.connect();
  return { answer: await client.exchange(asked, 15_000), gateway, to: String(to) };
}

/** The port of a service on this machine, the name or address of one elsewhere. */
function secretOf(to: string): string {
  return /\/\/([^:]+)/.exec(to)?.[1] ?? to;
}

/** What only operators may know: where the service is, what Node and the libraries call things, our own code. */
function expectNoInternals(answer: Answer, to: string): void {
  // The digits of a port may stand in an id by chance.
  const told = (answer.head.raw + answer.text).replaceAll(answer.head.value('x-request-id') ?? '-', '');
  expect(told).not.toMatch(
    /127\.0\.0\.1|ECONN|ENOTFOUND|EAI_|UND_ERR|HPE_|undici|fastify|node:|\.ts|\.js|\bat .*:\d+/i,
  );
  expect(told).not.toContain(secretOf(to));
}

describe.each(routeKinds)('errors on $kind', (kind) => {
  test.each(failures)('$what: $status $type, and a line in the log', async (failure) => {
    const { answer, to, gateway } = await provoke(kind, failure);
    const problem = JSON.parse(answer.text);
    expect(answer.head.value('cache-control')).toBe('no-store');
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
    const seen = await gateway.log.exchange(failure.status);
    expect(seen).toMatchObject({ code: failure.code, errorType: failure.type, requestId: problem.requestId });
  });

  test.each(failures.filter(({ status }) => [404, 502, 504].includes(status)))(
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
    const gateway = await startTestGateway(kind.routes('/db', await freePort()), { files: kind.files });
    const client = await gateway.connect();
    for (let turn = 0; turn < 2; turn++) {
      const answer = await client.exchange(request('HEAD', '/db/'));
      expect(answer.status).toBe(502);
      expect(answer.head.value('content-type')).toMatch(/^application\/problem\+json/);
    }
    expect(client.unread()).toHaveLength(0);
  });

  test('in development the answer says what is missing', async () => {
    const port = await freePort();
    const yaml = kind.routes('/db', port);
    const gateway = await startTestGateway(yaml, { files: kind.files, mode: 'development' });
    const answer = await gateway.get('/db/');
    expect(answer.status).toBe(502);
    expect(answer.text.toLowerCase()).toContain(`nothing listens on ${port}`);
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
