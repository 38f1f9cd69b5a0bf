import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerPage } from './page.ts';

/**
 * The notes' first server, answer for answer. It compares the whole target, so `/?x=1` is "anything else"; and
 * "anything else" includes `/healthz`, whose 200 says what a health check wants to know. A browser gets the first answer as a page.
 */
export function answer(request: IncomingMessage, response: ServerResponse): void {
  if (
    request.url === '/' &&
    request.method === 'GET' &&
    /\btext\/html\b/.test(request.headers.accept ?? '')
  ) {
    answerPage(request, response);
  } else if (request.url === '/') {
    response.end('Welcome to the home page');
  } else if (request.url === '/getSecretData') {
    response.end('Your secret data is here');
  } else {
    response.end('Hello World');
  }
}
