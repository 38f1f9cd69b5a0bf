import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Logger } from './log.ts';
import { requestId } from './request-id.ts';

/** One line for each request when its answer is out, under the id that the gateway gave it. */
export function logAccess(server: Server, log: Logger, level: 'debug' | 'info'): void {
  server.prependListener('request', (request, response) => {
    const began = performance.now();
    const id = requestId(request);
    response.once('close', () => {
      log[isHealthCheck(request) ? 'debug' : level](
        {
          requestId: id,
          method: request.method,
          path: pathOf(request),
          status: response.statusCode,
          complete: response.writableFinished,
          ms: Math.round(performance.now() - began),
        },
        wording(response),
      );
    });
  });
}

function wording(response: ServerResponse): string {
  return response.writableFinished ? 'answered' : 'the client left before the answer was out';
}

/** Without the query, which may hold what people search for. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function isHealthCheck(request: IncomingMessage): boolean {
  return request.url === '/healthz' || request.url === '/readyz';
}
