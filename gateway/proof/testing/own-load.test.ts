import { createServer, type RequestListener } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { listening } from './free-port.ts';
import { LoadGenerator, type OwnLoad } from './own-load.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  onTestFinished(() => void server.closeAllConnections());
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${await listening(server)}/x`;
}

function load(url: string, more: Partial<OwnLoad> = {}) {
  const plan = { url, connections: 3, seconds: 0.5, messageBytes: 0, perSecond: null, ...more };
  return new LoadGenerator(plan).run();
}

test('every answer is counted once, with its bytes', async () => {
  let served = 0;
  const url = await serve((_request, response) => {
    served += 1;
    response.end('0123456789');
  });
  const { answers, bytes, failures } = await load(url);
  expect(failures).toEqual({});
  expect(served - answers[200]!.count).toBeOneOf([0, 1, 2, 3]);
  expect(bytes).toBeGreaterThanOrEqual(answers[200]!.count * 10);
});

test('an answer that is not 2xx is a failure, and counted by its status', async () => {
  let served = 0;
  const url = await serve((_request, response) => {
    served += 1;
    response.statusCode = served === 5 ? 503 : 200;
    response.end('x');
  });
  const { answers, failures } = await load(url);
  expect([answers[503]?.count, failures]).toEqual([1, { 'status 503': 1 }]);
});

test.each<[string, RequestListener, string]>([
  ['is cut', (request) => request.socket.end(), 'connection closed by the proxy'],
  ['answers without a length', (_, response) => response.write('x'), 'an answer without a length'],
])('a connection that %s is a failure', async (_what, listener, failure) => {
  expect((await load(await serve(listener))).failures).toEqual({ [failure]: 3 });
});

test('a question that waits for a connection counts its latency from when it was due', async () => {
  const url = await serve((_request, response) => void setTimeout(() => response.end('x'), 100));
  const { answers } = await load(url, { connections: 1, perSecond: 100, seconds: 1 });
  expect(answers[200]!.p99Ms).toBeGreaterThan(500);
});

test('a question that finds no connection free in time is lost', async () => {
  const url = await serve((_request, response) => void setTimeout(() => response.end('x'), 100));
  const { answers, lost } = await load(url, { connections: 1, perSecond: 100, seconds: 1, freeWithinMs: 0 });
  expect(answers[200]!.count).toBeLessThan(12);
  expect(lost).toBeGreaterThan(50);
});
