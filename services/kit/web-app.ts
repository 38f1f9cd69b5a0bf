import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Logger } from './log.ts';
import { internalProblem, Problem, type ProblemStatus, problemBody, problemContentType } from './problem.ts';
import { requestId } from './request-id.ts';

export interface WebAppOptions {
  readonly log: Logger;
  /** Whether the service can do its work; `/readyz` answers 503 with the reason otherwise. */
  readonly notReady?: () => string | null;
}

/**
 * Fastify as the fleet uses it: routes, problem+json for every refusal, `/healthz` and `/readyz`. Bodies stay unread:
 * a handler takes what it wants through `body.ts` or as a stream, with a limit of its own.
 */
export function createWebApp(options: WebAppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    genReqId: requestId,
    routerOptions: { maxParamLength: 1024, caseSensitive: true, ignoreTrailingSlash: false },
    frameworkErrors: (error, _request, reply) => {
      // Typed for a handler that never sends; it is the only way to answer here.
      sendProblem(reply as unknown as FastifyReply, asProblem(error));
    },
    clientErrorHandler: answerBrokenRequest,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => {
    const problem = asProblem(error);
    // A client that leaves in the middle of its body is no failure of ours, and there is nobody to answer.
    if (problem.status === 500 && !request.raw.socket.destroyed)
      options.log.error({ err: error, requestId: request.id }, 'a request failed');
    sendProblem(reply, problem);
  });
  app.setNotFoundHandler((_request, reply) => {
    sendProblem(reply, new Problem(404, 'not_found', 'This service has nothing at this path.'));
  });
  addHealth(app, options.notReady ?? (() => null));
  return app;
}

function sendProblem(reply: FastifyReply, problem: Problem): void {
  reply
    .code(problem.status)
    .headers(problem.headers)
    .type(problemContentType)
    .header('cache-control', 'no-store')
    // As bytes, because Fastify puts a charset behind the type of a string, and JSON has no such parameter.
    .send(Buffer.from(problemBody(problem, reply.request.id)));
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  if (statusCode === undefined || statusCode >= 500) return internalProblem();
  return new Problem(
    statusCode as ProblemStatus,
    (code ?? 'bad_request').toLowerCase(),
    message ?? 'Bad request.',
  );
}

function addHealth(app: FastifyInstance, notReady: () => string | null): void {
  app.get('/healthz', (_request, reply) => reply.send({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const reason = notReady();
    if (reason) throw new Problem(503, 'not_ready', reason, { headers: { 'retry-after': '1' } });
    return reply.send({ status: 'ready' });
  });
}

/** Bytes that are no HTTP request: there is no request to route, so the answer is written by hand. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, detail] = brokenRequest(error.code);
  const body = problemBody(new Problem(status, code, detail), '');
  socket.end(
    `HTTP/1.1 ${status} ${code}\r\ncontent-type: ${problemContentType}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function brokenRequest(code: string | undefined): [ProblemStatus, string, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'head_too_large', 'The request head is larger than 16 KiB.'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'head_too_slow', 'The request head did not arrive within 10 seconds.'];
    default:
      return [400, 'bad_request', 'This is not a valid HTTP/1.1 request.'];
  }
}
