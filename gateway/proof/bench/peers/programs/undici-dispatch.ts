import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { proxyArguments } from './arguments.ts';

// The least that a proxy on node:http and undici can do: no routes, limits, retries or errors worth the name.
// What Portway's general lane costs above this is the price of being a gateway.
const { port, origin, pathPrefix } = proxyArguments();
const pool = new Pool(origin, { connections: 128, pipelining: 1 });
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

createServer((request, response) => {
  const path = request.url?.slice(pathPrefix.length) || '/';
  const method = request.method as Dispatcher.HttpMethod;
  pool.dispatch(
    { path, method, headers: endToEnd(request.rawHeaders), body: bodyOf(request) },
    relay(response),
  );
}).listen(port, '127.0.0.1');

function relay(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.on('drain', () => controller.resume());
      response.on('close', () => {
        if (!response.writableEnded) controller.abort(new Error('the client left'));
      });
    },
    onResponseStart(controller, statusCode) {
      response.writeHead(statusCode, endToEnd((controller.rawHeaders as Buffer[]).map(String)));
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    },
  };
}

function bodyOf(request: IncomingMessage): IncomingMessage | null {
  const { headers } = request;
  return headers['content-length'] || headers['transfer-encoding'] ? request : null;
}

/** Raw name and value pairs without those that concern one connection only (RFC 9110 §7.6.1). */
function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!;
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, raw[index + 1]!);
  }
  return kept;
}
