import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { nodeGenerator } from './node-generator.ts';
import { Workspace } from './workspace.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => void server.closeAllConnections());
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
}

async function load(url: string) {
  const workspace = new Workspace();
  onTestFinished(() => workspace.close());
  return nodeGenerator(workspace).run({
    url,
    connections: 3,
    seconds: 1,
    requestBytes: 0,
    load: 'closed',
    perSecond: 0,
  });
}

test('every answer is counted once, with its bytes', async () => {
  let served = 0;
  const url = await serve((_request, response) => {
    served += 1;
    response.end('0123456789');
  });
  const result = await load(url);
  expect(result.problems).toEqual([]);
  expect(result.requests).toBeGreaterThan(0);
  expect(result.requests).toBeLessThanOrEqual(served);
  expect(result.requests).toBeGreaterThanOrEqual(served - 3);
  expect(result.bytes).toBeGreaterThanOrEqual(result.requests * 10);
});

test('an answer that is not 2xx is a problem', async () => {
  let served = 0;
  const url = await serve((_request, response) => {
    served += 1;
    response.writeHead(served === 5 ? 503 : 200).end('x');
  });
  expect((await load(url)).problems).toEqual(['1 × status 503']);
});

test('a connection that is cut is a problem', async () => {
  const url = await serve((request) => request.socket.end());
  expect((await load(url)).problems).toEqual(['3 × connection closed by the proxy']);
});
