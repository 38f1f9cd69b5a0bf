import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import { pageFields } from '../answer/page/document.ts';
import { preferredType } from '../fields/accept.ts';
import { type PageInput, renderPage, renderStatus } from './page/gateway-page.ts';
import { statusPolicy } from './page/status-script.ts';

/** Answers `/` where no route claims it: the page for a browser, the same as JSON for its script. */
export async function answerOwnPage(
  request: IncomingMessage,
  reply: FastifyReply,
  input: PageInput,
): Promise<FastifyReply> {
  const type = preferredType(request.headers.accept, ['text/html', 'application/json']);
  reply.header('vary', 'Accept');
  if (type === 'application/json') {
    return reply
      .type('application/json; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(renderStatus(input));
  }
  return reply.headers(pageFields).header('content-security-policy', statusPolicy).send(renderPage(input));
}
